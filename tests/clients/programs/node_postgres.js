// porsager's postgres: everything is prepared and pipelined; types fetched from the catalogs; cursors, COPY streams, transactions, cancel.
const postgres = require('postgres');
const { Readable } = require('stream');
const { pipeline } = require('stream/promises');
const show = (...what) => console.log(JSON.stringify(what));
const failing = (e) => show(e.code, e.severity_local, e.message, e.detail, e.hint, e.position, e.constraint_name);

async function main() {
  const sql = postgres(process.env.DATABASE_URL, { max: 4, onnotice: (n) => show('notice', n.message) });
  show(await sql`SELECT * FROM kinds ORDER BY id`);
  show(await sql`SELECT id, name, tags, data FROM items WHERE id IN ${sql([1, 2, 1000001])} ORDER BY id`);
  const result = await sql`SELECT name FROM items WHERE price > ${10} ORDER BY id LIMIT ${2}`;
  show(result, result.count, result.command, result.columns.map((c) => [c.name, c.type]));
  show(await sql`INSERT INTO items ${sql([{ name: 'p1', price: 1.5, data: { a: 1 } }, { name: 'p2', price: 2, data: [1] }], 'name', 'price', 'data')} RETURNING id, name, data`);
  show((await sql`UPDATE items SET ${sql({ stock: 4 }, 'stock')} WHERE id < ${6}`).count);
  show((await Promise.all([...Array(100).keys()].map((i) => sql`SELECT name, ${i}::int AS i FROM items WHERE id = ${1 + (i % 50)}`))).slice(-2));
  await sql`SELECT nosuch FROM items`.catch(failing);
  await sql`SELECT id FROM items WHERE id = ${1} AND nosuch = 1`.catch(failing);
  await sql`INSERT INTO items (name) VALUES (${'item 1'})`.catch(failing);
  await sql`UPDATE items SET stock = ${-1}`.catch(failing);
  show(await sql.begin(async (tx) => {
    await tx`UPDATE items SET price = 0 WHERE id = 1`;
    await tx.savepoint(async (sp) => { await sp`DELETE FROM orders`; throw new Error('back'); }).catch((e) => show(e.message));
    return tx`SELECT count(*) FROM orders`;
  }));
  await sql.begin(async (tx) => { await tx`DELETE FROM orders`; await tx`SELECT 1/0`; }).catch(failing);
  show(await sql`SELECT count(*), sum(quantity) FROM orders`);
  // Pipelined within a transaction.
  show(await sql.begin((tx) => [tx`SELECT count(*) FROM items`, tx`INSERT INTO orders (item_id, quantity) VALUES (1, 2) RETURNING id`, tx`SELECT max(id) FROM orders`]));
  let rows = 0;
  await sql`SELECT id FROM orders ORDER BY id`.cursor(10, (batch) => { rows += batch.length; });
  show(rows);
  for await (const [row] of sql`SELECT id FROM items WHERE id < 4 ORDER BY id`.cursor()) show(row);
  show(await sql.unsafe('SELECT 1 AS a; SELECT count(*) AS b FROM items'));
  show(await sql.unsafe('SELECT name FROM items WHERE id = $1', [9]));
  const writable = await sql`COPY orders (item_id, quantity, note) FROM STDIN`.writable();
  await pipeline(Readable.from([...Array(500).keys()].map((i) => `${1 + (i % 50)}\t${i}\tstream ${i}\n`)), writable);
  show(await sql`SELECT count(*), sum(quantity) FROM orders`);
  const readable = await sql`COPY (SELECT id, name FROM items WHERE id < 5 ORDER BY id) TO STDOUT`.readable();
  let text = '';
  for await (const chunk of readable) text += chunk;
  show(text);
  show((await sql`SELECT * FROM items WHERE name = ${'item 3'}`.describe()).columns.map((c) => [c.name, c.type]));
  const heard = await new Promise((done) => { sql.listen('npg', done, () => sql.notify('npg', 'payload')); });
  show(heard);
  const slow = sql`SELECT pg_sleep(20) FROM items LIMIT 1`;
  setTimeout(() => slow.cancel(), 300);
  await slow.catch(failing);
  show(await sql`SELECT count(*) FROM kinds`);
  await sql`CREATE TABLE IF NOT EXISTS made (id serial PRIMARY KEY, v text)`;
  await sql`CREATE TABLE IF NOT EXISTS made (id serial PRIMARY KEY, v text)`;
  show(await sql`INSERT INTO made (v) VALUES (${'x'}) RETURNING *`, await sql`SELECT * FROM made`);
  await sql`ALTER TABLE made ADD COLUMN w int DEFAULT 3`;
  show(await sql`SELECT * FROM made ORDER BY id`);
  const big = 'n'.repeat(3000000);
  await sql`INSERT INTO big (id, body) VALUES (${37}, ${big})`;
  show((await sql`SELECT body FROM big WHERE id = 37`)[0].body === big);
  await sql`DO $$ BEGIN RAISE NOTICE 'from a block'; END $$`;
  const kinds = await sql`SELECT ${true}::bool AS a, ${7}::int8 AS b, ${1.5}::float8 AS c, ${'tëxt ☃'}::text AS d, ${Buffer.from([0, 255])}::bytea AS e,
    ${new Date(0)}::timestamptz AS f, ${sql.array(['a', 'b'])}::text[] AS g, ${sql.json({ x: [1] })}::jsonb AS h, ${null}::int AS i, count(*) AS n FROM orders`;
  show(kinds);
  // Ended by somebody else: the pool connects again.
  const one = postgres(process.env.DATABASE_URL, { max: 1 });
  const [{ pid }] = await one`SELECT pg_backend_pid() AS pid`;
  await sql`SELECT pg_terminate_backend(${pid})`;
  await new Promise((done) => setTimeout(done, 200));
  show(await one`SELECT count(*) FROM kinds`);
  await one.end();
  await sql.end();
}

main().then(() => process.exit(0), (e) => { console.log('FAILED', e); process.exit(1); });
