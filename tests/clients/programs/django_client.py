"""Django's ORM: all migrations of its own applications, models with migrations made here, queries, transactions, sessions, users."""
import os
import sys
import warnings

warnings.simplefilter("ignore")
FOLDER = os.environ["CLIENT_FOLDER"]
sys.path.insert(0, FOLDER)
MODELS_1 = '''
from django.db import models
from django.contrib.postgres.fields import ArrayField

class Artist(models.Model):
    name = models.CharField(max_length=80, unique=True)
    born = models.DateField(null=True)

class Work(models.Model):
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="works")
    title = models.CharField(max_length=120, db_index=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=1)
    tags = ArrayField(models.CharField(max_length=20), default=list)
    details = models.JSONField(default=dict)
    sold = models.BooleanField(default=False)

class Fair(models.Model):
    title = models.TextField()
    works = models.ManyToManyField(Work)
'''
MODELS_2 = MODELS_1.replace("sold = models.BooleanField(default=False)", '''sold = models.BooleanField(default=False)
    year = models.IntegerField(null=True)
    slug = models.SlugField(default="none")
    class Meta:
        indexes = [models.Index(fields=["year"])]''')


def settings():
    from django.conf import settings as s
    s.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
                               "PASSWORD": os.environ["PGPASSWORD"], "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]}},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.admin",
                        "django.contrib.messages", "gallery"],
        USE_TZ=True, SECRET_KEY="x", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        SILENCED_SYSTEM_CHECKS=["admin.E403", "admin.E408", "admin.E409", "admin.E410"])


def application(models):
    os.makedirs(os.path.join(FOLDER, "gallery"), exist_ok=True)
    open(os.path.join(FOLDER, "gallery", "__init__.py"), "w").close()
    with open(os.path.join(FOLDER, "gallery", "models.py"), "w") as f:
        f.write(models)


def call(*words, **options):
    from django.core.management import call_command
    call_command(*words, verbosity=0, interactive=False, **options)


def first():
    import django
    django.setup()
    call("makemigrations", "gallery")
    call("migrate")
    from django.db import connection
    with connection.cursor() as c:
        c.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        print(c.fetchall())
    from gallery.models import Artist
    for i in range(5):
        Artist.objects.create(name=f"artist {i}")
    print(Artist.objects.count())


def second():
    import django
    django.setup()
    call("makemigrations", "gallery", name="changes")
    call("migrate")
    queries()
    transactions()
    users()


def queries():
    from django.db import models
    from django.db.models import Count, F, Q, Sum
    from gallery.models import Artist, Fair, Work
    artists = list(Artist.objects.order_by("id"))
    Work.objects.bulk_create([Work(artist=artists[i % 5], title=f"work {i}", price=i, tags=["a", f"t{i % 3}"], details={"n": i, "deep": {"x": [i]}},
                                   year=2000 + i % 10) for i in range(60)])
    print(Work.objects.filter(artist__name="artist 2", price__gt=20).values_list("title", "price").order_by("id")[:4])
    print(list(Artist.objects.annotate(n=Count("works"), total=Sum("works__price", filter=Q(works__sold=False))).order_by("id").values_list("name", "n", "total")))
    print(Work.objects.filter(Q(title__icontains="work 1") | Q(tags__contains=["t2"])).exclude(year__in=[2001, 2002]).count())
    print(Work.objects.filter(details__deep__x__0=7).get().title, Work.objects.aggregate(Sum("price"), models.Max("year")))
    print(Work.objects.filter(id__lte=10).update(price=F("price") * 2, sold=True), Work.objects.filter(sold=True).count())
    print([w.artist.name for w in Work.objects.select_related("artist").order_by("-id")[:3]])
    fair = Fair.objects.create(title="Spring")
    fair.works.set(Work.objects.filter(year=2003))
    fair.works.add(Work.objects.first())
    print([len(f.works.all()) for f in Fair.objects.prefetch_related("works")], fair.works.filter(sold=True).count())
    print(Artist.objects.get_or_create(name="artist 1")[1], Artist.objects.update_or_create(name="artist 9", defaults={"born": "1901-02-03"})[1])
    print(Artist.objects.filter(works__isnull=True).values_list("name", flat=True))
    print(list(Work.objects.values("year").annotate(n=Count("id")).order_by("year").values_list("year", "n"))[:3])
    print(Work.objects.filter(artist__in=Artist.objects.filter(name__endswith="3")).count(), Work.objects.filter(year=2005).exists())
    print([w.id for w in Work.objects.raw("SELECT * FROM gallery_work WHERE price > %s ORDER BY id LIMIT 3", [50])])
    print(sum(1 for _ in Work.objects.order_by("id").iterator(chunk_size=7)))
    print(artists[4].delete(), Work.objects.count(), Artist.objects.count())
    print(Work.objects.order_by("id").union(Work.objects.filter(id=1)).count(), Work.objects.in_bulk([1, 2])[2].title)


def transactions():
    from django.db import IntegrityError, connection, transaction
    from gallery.models import Artist, Work
    try:
        with transaction.atomic():
            Artist.objects.create(name="kept?")
            Artist.objects.create(name="artist 1")
    except IntegrityError as e:
        print(str(e).strip())
    print(Artist.objects.filter(name="kept?").exists())
    with transaction.atomic():
        Artist.objects.create(name="outer")
        try:
            with transaction.atomic():
                Artist.objects.create(name="inner")
                raise ValueError
        except ValueError:
            pass
        print(Work.objects.select_for_update().filter(id__lt=4).count())
    print(list(Artist.objects.filter(name__in=["outer", "inner"]).values_list("name", flat=True)))
    with connection.cursor() as c:
        c.execute("SELECT name FROM items WHERE id = %s", [3])
        print(c.fetchone())
        print(sorted(t for t in connection.introspection.table_names(c) if t.startswith("gallery")))
        print([f.name for f in connection.introspection.get_table_description(c, "gallery_artist") if f.name != "tenant_id"])


def users():
    from django.contrib.auth import authenticate, get_user_model
    from django.contrib.auth.models import Group, Permission
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sessions.backends.db import SessionStore
    User = get_user_model()
    user = User.objects.create_user("ann", "ann@example.org", "secret")
    print(authenticate(username="ann", password="secret") == user, authenticate(username="ann", password="wrong"))
    group = Group.objects.create(name="editors")
    group.permissions.set(Permission.objects.filter(codename__startswith="add_"))
    user.groups.add(group)
    print(user.has_perm("gallery.add_work"), user.has_perm("gallery.delete_work"), ContentType.objects.count(), Permission.objects.count())
    session = SessionStore()
    session["cart"] = [1, 2]
    session.save()
    print(SessionStore(session.session_key)["cart"])


def main():
    if len(sys.argv) == 1:
        # One process for each state of the models, as in life.
        import subprocess
        for step, models in (("first", MODELS_1), ("second", MODELS_2)):
            application(models)
            done = subprocess.run([sys.executable, __file__, step])
            if done.returncode != 0:
                sys.exit(done.returncode)
        return
    settings()
    {"first": first, "second": second}[sys.argv[1]]()


main()
