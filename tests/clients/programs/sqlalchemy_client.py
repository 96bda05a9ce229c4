"""SQLAlchemy over psycopg2 and asyncpg: Core, ORM with relations, reflection, upserts, bulk inserts, sessions, savepoints, streaming."""
import asyncio
import os
import warnings

warnings.simplefilter("ignore")
import sqlalchemy as sa  # noqa: E402
from sqlalchemy import orm  # noqa: E402
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert  # noqa: E402
from sqlalchemy.ext.asyncio import create_async_engine  # noqa: E402

URL = os.environ["DATABASE_URL"]
Base = orm.declarative_base()


class Item(Base):
    __tablename__ = "items"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.Text, unique=True)
    price = sa.Column(sa.Numeric(10, 2), server_default="1")
    stock = sa.Column(sa.Integer, server_default="0")
    tags = sa.Column(ARRAY(sa.Text))
    data = sa.Column(JSONB)
    orders = orm.relationship("Order", back_populates="item", order_by="Order.id")


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.Integer, primary_key=True)
    item_id = sa.Column(sa.ForeignKey("items.id"))
    quantity = sa.Column(sa.Integer)
    note = sa.Column(sa.Text)
    item = orm.relationship("Item", back_populates="orders")


class Author(Base):
    __tablename__ = "authors"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(50), nullable=False, index=True)
    books = orm.relationship("Book", back_populates="author", cascade="all, delete-orphan", order_by="Book.id")


class Book(Base):
    __tablename__ = "books"
    id = sa.Column(sa.BigInteger, primary_key=True)
    author_id = sa.Column(sa.ForeignKey("authors.id", ondelete="CASCADE"), nullable=False)
    title = sa.Column(sa.Text, nullable=False)
    pages = sa.Column(sa.Integer, default=100)
    author = orm.relationship("Author", back_populates="books")
    __table_args__ = (sa.UniqueConstraint("author_id", "title"),)


def show(e):
    print(type(e).__name__, e.orig.pgcode, e.orig.diag.message_primary, e.orig.diag.message_detail, e.orig.diag.statement_position)


def core(engine):
    items, orders = Item.__table__, Order.__table__
    with engine.begin() as c:
        print(c.execute(sa.select(items).where(items.c.id.in_([1, 2, 1000001])).order_by(items.c.id)).fetchall())
        print(c.execute(sa.select(items.c.name, sa.func.count(orders.c.id).label("n")).select_from(items.outerjoin(orders))
                        .group_by(items.c.id).having(sa.func.count() > 2).order_by(sa.desc("n"), items.c.id).limit(5)).fetchall())
        sub = sa.select(orders.c.item_id).where(orders.c.quantity > 3).scalar_subquery()
        print(c.execute(sa.select(sa.func.count()).select_from(items).where(items.c.id.in_(sub))).scalar())
        print(c.execute(insert(items).values(name="item 1", price=7).on_conflict_do_update(
            index_elements=["name"], set_={"price": 8}).returning(items.c.id, items.c.price)).fetchall())
        print(c.execute(orders.insert(), [{"item_id": 1, "quantity": i, "note": f"core {i}"} for i in range(20)]).rowcount)
        print(c.execute(orders.update().where(orders.c.item_id == items.c.id).where(items.c.name == "item 1").values(note="joined")).rowcount)
        print(c.execute(orders.delete().where(orders.c.note == "joined").returning(orders.c.id)).rowcount)
        cte = sa.select(items.c.id, items.c.price).where(items.c.price > 20).cte("dear")
        print(c.execute(sa.select(sa.func.sum(cte.c.price), sa.func.max(cte.c.id))).fetchall())
        print(c.execute(sa.union_all(sa.select(items.c.id).where(items.c.id < 3), sa.select(orders.c.id).where(orders.c.id < 3))).fetchall())
        window = sa.func.row_number().over(partition_by=items.c.stock, order_by=items.c.id)
        print(c.execute(sa.select(items.c.id, window).order_by(items.c.id).limit(6)).fetchall())
        print(c.execute(sa.text("SELECT name FROM items WHERE data->>'n' = :n"), {"n": "9"}).fetchall())
    with engine.connect().execution_options(stream_results=True) as c:
        print(sum(row.quantity for row in c.execute(sa.select(orders).order_by(orders.c.id))))
    try:
        with engine.begin() as c:
            c.execute(items.insert().values(name="item 2"))
    except sa.exc.IntegrityError as e:
        show(e)
    try:
        with engine.begin() as c:
            c.execute(sa.text("SELECT id, nosuch FROM items"))
    except sa.exc.ProgrammingError as e:
        show(e)


def mapped(engine):
    Session = orm.sessionmaker(engine)
    with Session.begin() as s:
        s.add_all([Author(name=f"author {i}", books=[Book(title=f"book {i}.{j}", pages=j * 10) for j in range(3)]) for i in range(10)])
    with Session() as s:
        print(s.query(Author).filter(Author.name == "author 3").one().books[1].title)
        print([(a.name, len(a.books)) for a in s.query(Author).options(orm.joinedload(Author.books)).order_by(Author.id).limit(3)])
        print([(a.name, sum(b.pages for b in a.books)) for a in s.query(Author).options(orm.selectinload(Author.books)).order_by(Author.id)])
        author = s.query(Author).filter_by(name="author 5").with_for_update().one()
        author.name = "renamed"
        author.books.pop()
        s.commit()
        print(s.query(sa.func.count(Book.id)).scalar(), s.query(Author).filter(Author.books.any(Book.pages > 10)).count())
        s.delete(author)
        s.commit()
        print(s.query(Book).count(), s.query(Author).count())
        with s.begin_nested() as nested:
            s.add(Author(name="not kept"))
            s.flush()
            nested.rollback()
        s.bulk_insert_mappings(Author, [{"name": f"bulk {i}"} for i in range(150)])
        s.commit()
        print(s.query(Author).count(), s.query(Author.name).order_by(Author.name).limit(2).all())
        item = s.get(Item, 4)
        print(item.name, [o.id for o in item.orders], item.data, item.tags)
        item.data = {"changed": True}
        s.add(Order(item=item, quantity=3))
        s.commit()
        print(s.query(Order).join(Item).filter(Item.data["changed"].astext == "true").count())
        print(s.query(Item).filter(Item.tags.contains(["t1"])).count(), s.query(Item).filter(Item.id == 1000001).first())


def introspection(engine):
    inspector = sa.inspect(engine)
    print("authors" in inspector.get_table_names(), inspector.get_pk_constraint("books")["constrained_columns"],
          [f["referred_table"] for f in inspector.get_foreign_keys("books") if f["constrained_columns"] == ["author_id"]])
    reflected = sa.Table("books", sa.MetaData(), autoload_with=engine)
    print([c.name for c in reflected.columns if c.name != "tenant_id"])


def connections():
    """COPY and notifications on the driver's connection, large values, a pool that survives ended connections."""
    import io
    engine = sa.create_engine(URL, pool_size=2, pool_pre_ping=True)
    with engine.begin() as c:
        cursor = c.connection.cursor()
        cursor.copy_expert("COPY orders (item_id, quantity, note) FROM STDIN", io.StringIO("".join(f"{1 + i % 50}\t{i}\tcopy\n" for i in range(200))))
        out = io.StringIO()
        cursor.copy_expert("COPY (SELECT id, name FROM items WHERE id < 3 ORDER BY id) TO STDOUT", out)
        print(cursor.rowcount, out.getvalue(), c.execute(sa.text("SELECT count(*) FROM orders WHERE note = 'copy'")).scalar())
        body = "s" * 2500000
        c.execute(sa.text("INSERT INTO big (id, body) VALUES (31, :body)"), {"body": body})
        print(c.execute(sa.text("SELECT body FROM big WHERE id = 31")).scalar() == body)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.execute(sa.text("LISTEN sa_news"))
        c.execute(sa.text("SELECT pg_notify('sa_news', 'hi')"))
        c.connection.connection.poll()
        print([(n.channel, n.payload) for n in c.connection.connection.notifies])
        c.execute(sa.text("UNLISTEN *"))
        c.execute(sa.text("SET statement_timeout = '200ms'"))
        try:
            c.execute(sa.text("SELECT pg_sleep(20) FROM items"))
        except sa.exc.OperationalError as e:
            show(e)
        c.execute(sa.text("RESET statement_timeout"))
    with engine.connect() as c:
        pid = c.execute(sa.text("SELECT pg_backend_pid()")).scalar()
    other = sa.create_engine(URL, poolclass=sa.pool.NullPool)
    with other.begin() as c:
        c.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    with engine.connect() as c:
        print(c.execute(sa.text("SELECT count(*) FROM kinds")).scalar())


async def asynchronous():
    engine = create_async_engine(URL.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as c:
        print((await c.execute(sa.select(Item.name, Item.price).where(Item.id < 4).order_by(Item.id))).fetchall())
        print((await c.execute(sa.select(sa.func.count()).select_from(Order).where(Order.note.is_(None)))).scalar())
        await c.execute(Order.__table__.insert(), [{"item_id": 2, "quantity": i, "note": "aio"} for i in range(30)])
        print((await c.execute(sa.select(sa.func.sum(Order.quantity)).where(Order.note == "aio"))).scalar())
    await engine.dispose()


def main():
    engine = sa.create_engine(URL)
    Base.metadata.create_all(engine)
    Base.metadata.create_all(engine)
    core(engine)
    mapped(engine)
    introspection(engine)
    connections()
    asyncio.run(asynchronous())


main()
