// node-postgres: text and binary parameters, named statements, pools, transactions, errors, notifications, cancel by timeout.
const { Client, Pool } = require('pg');
const url = process.env.DATABASE_URL;
const show = (...what) => console.log(JSON.stringify(what));

async function fails(c, text, values) {
  try {
    await c.query(text, values);
    console.log('no error', text);
  } catch (e) {
    show(e.code, e.severity, e.message, e.detail, e.hint, e.position, e.constraint, e.table);
  }
}

async function statements(c) {
  show((await c.query('SELECT * FROM kinds ORDER BY id')).rows);
  const r = await c.query('SELECT id, name, price FROM items WHERE id = ANY($1) ORDER BY id', [[1, 2, 1000001]]);
  show(r.rows, r.rowCount, r.command, r.fields.map((f) => [f.name, f.dataTypeID, f.dataTypeSize]));
  for (let i = 1; i <= 8; i++) show((await c.query({ name: 'pick', text: 'SELECT name FROM items WHERE id = $1', values: [i] })).rows);
  show((await c.query({ text: 'SELECT id, name FROM items WHERE id < $1 ORDER BY id', values: [4], rowMode: 'array' })).rows);
  show((await c.query({ text: 'SELECT id, stock FROM items WHERE id < $1 ORDER BY id', values: [4], binary: true })).rows);
  const values = [true, 7, 1.5, 'tëxt ☃', Buffer.from([0, 255]), new Date(0), ['a', null], { x: [1] }, null];
  show((await c.query('SELECT $1::bool a, $2::int b, $3::float c, $4::text d, $5::bytea e, $6::timestamptz f, $7::text[] g, $8::jsonb h, $9::int i, ' +
    'count(*) n FROM orders', values)).rows);
  show((await c.query("INSERT INTO items (name, price, data) VALUES ($1, $2, $3) RETURNING *", ['node', '2.50', JSON.stringify({ n: 1 })])).rows);
  const several = await c.query('SELECT 1 AS one; UPDATE items SET stock = 2 WHERE id < 5; SELECT count(*) FROM orders');
  show(several.map((x) => [x.command, x.rowCount, x.rows]));
  show((await c.query('DELETE FROM orders WHERE id <= $1', [5])).rowCount);
  show((await c.query('')).rowCount, (await c.query('-- only a comment')).command);
}

async function transactions(c) {
  await c.query('BEGIN');
  await c.query('UPDATE items SET stock = 99 WHERE id = $1', [1]);
  await c.query('SAVEPOINT a');
  await fails(c, 'INSERT INTO items (name) VALUES ($1)', ['item 2']);
  await fails(c, 'SELECT 1');
  await c.query('ROLLBACK TO a');
  await c.query('COMMIT');
  show((await c.query('SELECT stock FROM items WHERE id = 1')).rows);
  await fails(c, 'SELECT nosuch FROM items');
  await fails(c, 'SELECT id, name FROM items WHERE id = $1 AND nosuch = 2', [1]);
  await fails(c, 'SELECT * FORM items');
  await fails(c, 'SELECT $1::integer FROM items', ['x']);
  await fails(c, 'INSERT INTO orders (item_id, quantity) VALUES ($1, $2)', [424242, 1]);
  await fails(c, 'SELECT name FROM items WHERE id = $1', []);
  await fails(c, 'SELECT name FROM items WHERE id = $1', [1, 2]);
}

// COPY needs another package; without it pg says that it cannot, and the session goes on.
async function copies(c) {
  await fails(c, 'COPY orders (item_id, quantity, note) FROM STDIN');
  let streams;
  try {
    streams = require('pg-copy-streams');
  } catch (e) {
    return;
  }
  const { Readable } = require('stream');
  const { pipeline } = require('stream/promises');
  const to = c.query(streams.from('COPY orders (item_id, quantity, note) FROM STDIN WITH (FORMAT csv)'));
  await pipeline(Readable.from([...Array(800).keys()].map((i) => `${1 + (i % 50)},${i},"node ""${i}"""\n`)), to);
  let text = '';
  for await (const chunk of c.query(streams.to('COPY (SELECT id, name FROM items WHERE id < 4 ORDER BY id) TO STDOUT'))) text += chunk;
  show(to.rowCount, text, (await c.query("SELECT count(*), sum(quantity) FROM orders WHERE note LIKE 'node%'")).rows);
  const wrong = c.query(streams.from('COPY orders (item_id, quantity) FROM STDIN'));
  await pipeline(Readable.from(['1\tx\n']), wrong).then(() => console.log('no error'), (e) => show(e.code, e.message));
  show((await c.query('SELECT count(*) FROM orders')).rows);
}

async function main() {
  const c = new Client({ connectionString: url, application_name: 'node test' });
  c.on('notice', (n) => show('notice', n.severity, n.message, n.detail));
  await c.connect();
  await statements(c);
  await transactions(c);
  await c.query("DO $$ BEGIN RAISE NOTICE 'from a block' USING DETAIL = 'more'; END $$");
  // All at once on one connection, and over a pool.
  show((await Promise.all([...Array(60).keys()].map((i) => c.query('SELECT name FROM items WHERE id = $1', [i + 1])))).map((r) => r.rows.length));
  const pool = new Pool({ connectionString: url, max: 6 });
  const names = await Promise.all([...Array(120).keys()].map((i) => pool.query('SELECT name, $1::int AS i FROM items WHERE id = 1 + $1::int % 50', [i])));
  show(names.slice(-3).map((r) => r.rows));
  const big = 'b'.repeat(4000000);
  await pool.query('INSERT INTO big (id, body) VALUES ($1, $2)', [7, big]);
  show((await pool.query('SELECT body FROM big WHERE id = 7')).rows[0].body === big);
  await pool.end();
  const heard = new Promise((done) => c.on('notification', (n) => done([n.channel, n.payload])));
  await c.query('LISTEN nodes');
  await c.query("SELECT pg_notify('nodes', 'hi')");
  show(await heard);
  await c.query("SET statement_timeout = '200ms'");
  await fails(c, 'SELECT pg_sleep(5)');
  await c.query('RESET statement_timeout');
  show((await c.query('SELECT count(*) FROM items')).rows);
  await copies(c);
  await c.end();
  // Cancel by a connection of its own, as pg does it.
  const sleeper = new Client({ connectionString: url });
  await sleeper.connect();
  const canceller = new Client({ connectionString: url });
  const slow = sleeper.query('SELECT pg_sleep(20) FROM items').then(() => show('not cancelled'), (e) => show(e.code, e.message));
  setTimeout(() => canceller.cancel(sleeper, sleeper.activeQuery || sleeper._activeQuery), 300);
  await slow;
  show((await sleeper.query('SELECT count(*) FROM orders WHERE id > 100000')).rows);
  await sleeper.end();
  const bad = new Client({ connectionString: url.replace('p%40ss', 'wrong') });
  await bad.connect().then(() => console.log('connected?'), (e) => show(e.code));
  // Ended by somebody else: the client hears of it, and can connect again.
  const ended = new Client({ connectionString: url });
  await ended.connect();
  const lost = new Promise((done) => ended.on('error', (e) => done(e.code || 'closed')));
  const [{ pid }] = (await ended.query('SELECT pg_backend_pid() AS pid')).rows;
  const other = new Client({ connectionString: url });
  await other.connect();
  await other.query('SELECT pg_terminate_backend($1)', [pid]);
  show(await lost);
  show((await other.query('SELECT count(*) FROM kinds')).rows);
  await other.end();
}

main().then(() => process.exit(0), (e) => { console.log('FAILED', e); process.exit(1); });
