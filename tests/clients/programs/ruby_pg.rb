# ruby-pg: exec, exec_params, prepared statements, type maps, transactions, errors, COPY, pipelines, single-row mode, notifications, cancel.
require 'pg'

def show(result)
  p result.fields, (0...result.nfields).map { |i| result.ftype(i) } unless result.nfields.zero?
  result.each_row { |row| p row }
  puts "#{result.cmd_status} #{result.cmd_tuples}"
end

def fails(c, text, params = [])
  show(c.exec_params(text, params))
rescue PG::Error => e
  r = e.result
  p [e.class, *[PG::PG_DIAG_SQLSTATE, PG::PG_DIAG_SEVERITY, PG::PG_DIAG_MESSAGE_PRIMARY, PG::PG_DIAG_MESSAGE_DETAIL, PG::PG_DIAG_MESSAGE_HINT,
     PG::PG_DIAG_STATEMENT_POSITION, PG::PG_DIAG_CONSTRAINT_NAME].map { |f| r&.error_field(f) }]
end

c = PG.connect(ENV['DATABASE_URL'])
c.set_notice_processor { |text| puts "notice #{text}" }
show c.exec('SELECT * FROM kinds ORDER BY id')
show c.exec_params('SELECT id, name, price FROM items WHERE id = $1', [7])
show c.exec_params('SELECT id, stock FROM items WHERE id < $1 ORDER BY id', [4], 1)
show c.exec_params('SELECT $1::int, $2::text, $3::bytea, $4::bool, count(*) FROM orders', [{ value: [5].pack('N'), format: 1, type: 23 }, 'tëxt ☃',
  { value: "\x00\xff".b, format: 1 }, nil])
c.prepare('pick', 'SELECT name, stock FROM items WHERE id = $1 AND stock >= $2')
3.times { |i| show c.exec_prepared('pick', [i + 1, 0]) }
d = c.describe_prepared('pick')
p d.nparams, d.paramtype(0), d.fields
c.type_map_for_results = PG::BasicTypeMapForResults.new(c)
p c.exec('SELECT id, price, stock, tags, created FROM items WHERE id < 4 ORDER BY id').values
c.type_map_for_results = PG::TypeMapAllStrings.new
show c.exec('SELECT 1; SELECT count(*) FROM items')
show c.exec_params('INSERT INTO items (name, price) VALUES ($1, $2) RETURNING id, name', ['ruby', '1.10'])
show c.exec_params('UPDATE items SET stock = $1 WHERE id < 5', [9])
begin
  c.transaction do |t|
    t.exec('DELETE FROM orders')
    t.exec('SELECT 1/0')
  end
rescue PG::DivisionByZero => e
  puts e.message
end
show c.exec('SELECT count(*) FROM orders')
fails c, 'SELECT nosuch FROM items'
fails c, 'SELECT id FROM items WHERE id = $1 AND nosuch = 1', [1]
fails c, 'SELECT * FORM items'
fails c, 'INSERT INTO items (name) VALUES ($1)', ['item 1']
fails c, 'UPDATE items SET stock = -1 WHERE id = 1'
fails c, 'SELECT name FROM items WHERE id = $1', %w[1 2]
c.copy_data('COPY orders (item_id, quantity, note) FROM STDIN') { 300.times { |i| c.put_copy_data("#{1 + i % 50}\t#{i}\truby #{i}\n") } }
c.copy_data('COPY orders (item_id, quantity, note) FROM STDIN', PG::TextEncoder::CopyRow.new) { c.put_copy_data [1, 2, nil]; c.put_copy_data [3, 4, "a\tb"] }
show c.exec('SELECT count(*), sum(quantity), count(note) FROM orders')
c.copy_data('COPY (SELECT id, name FROM items WHERE id < 4 ORDER BY id) TO STDOUT') { while (row = c.get_copy_data) do p row end }
begin
  c.copy_data('COPY orders (item_id, quantity) FROM STDIN') { c.put_copy_data("1\tx\n") }
rescue PG::Error => e
  puts e.message
end
begin
  c.copy_data('COPY orders (item_id, quantity) FROM STDIN') { c.put_copy_data("1\t1\n"); raise 'changed my mind' }
rescue RuntimeError => e
  puts e.message
end
show c.exec("SELECT count(*) FROM orders")
c.send_query_params('SELECT id FROM orders WHERE id <= $1 ORDER BY id', [40])
c.set_single_row_mode
n = 0
c.get_result.stream_each { |row| n += row['id'].to_i }
c.get_result
p n
c.enter_pipeline_mode
20.times { |i| c.send_query_params('SELECT name FROM items WHERE id = $1', [i + 1]) }
c.send_query_params('SELECT nosuch FROM items', [])
c.send_query_params('SELECT count(*) FROM items', [])
c.pipeline_sync
seen = []
loop do
  r = c.get_result
  next if r.nil?
  case r.result_status
  when PG::PGRES_PIPELINE_SYNC then break
  when PG::PGRES_TUPLES_OK then seen << r.values
  else seen << (r.error_field(PG::PG_DIAG_SQLSTATE) || r.res_status(r.result_status))
  end
end
p seen
c.exit_pipeline_mode
c.exec('LISTEN rubies')
c.exec("NOTIFY rubies, 'gem'")
p c.wait_for_notify(5) { |channel, pid, payload| p [channel, pid == c.backend_pid, payload] }
t = Thread.new { sleep 0.3; c.cancel }
begin
  c.exec('SELECT pg_sleep(20) FROM items')
rescue PG::QueryCanceled => e
  puts e.message
end
t.join
c.exec("DO $$ BEGIN RAISE NOTICE 'a notice'; END $$")
big = 'r' * 3_000_000
c.exec_params('INSERT INTO big (id, body) VALUES (19, $1)', [big])
p c.exec('SELECT body FROM big WHERE id = 19').getvalue(0, 0) == big
c.reset
show c.exec('SELECT count(*) FROM kinds')
show c.exec_params('SELECT * FROM items WHERE name = $1', ['CANARY 1'])
c.set_client_encoding('LATIN1')
p c.exec_params('SELECT $1::text, count(*) FROM items', ["h\xe9".dup.force_encoding('ISO-8859-1')]).values
c.close
