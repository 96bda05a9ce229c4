<?php
// PHP: the pgsql functions and PDO, with emulated and with real prepared statements.
function show($what) { echo json_encode($what, JSON_UNESCAPED_UNICODE | JSON_PARTIAL_OUTPUT_ON_ERROR), "\n"; }

function pgsql_fails($c, $text, $values = []) {
    pg_send_query_params($c, $text, $values);
    $r = pg_get_result($c);
    while (pg_get_result($c)) {
    }
    show([pg_result_error_field($r, PGSQL_DIAG_SQLSTATE), pg_result_error_field($r, PGSQL_DIAG_MESSAGE_PRIMARY), pg_result_error_field($r, PGSQL_DIAG_MESSAGE_DETAIL),
        pg_result_error_field($r, PGSQL_DIAG_STATEMENT_POSITION)]);
}

function with_pgsql() {
    $c = pg_connect(getenv('DATABASE_URL'));
    show(pg_parameter_status($c, 'server_encoding'));
    show(pg_fetch_all(pg_query($c, 'SELECT * FROM kinds ORDER BY id')));
    show(pg_fetch_all(pg_query_params($c, 'SELECT id, name, price FROM items WHERE id = $1 OR name = $2 ORDER BY id', [3, 'CANARY 1'])));
    pg_prepare($c, 'pick', 'SELECT name FROM items WHERE id = $1');
    for ($i = 1; $i < 5; $i++)
        show(pg_fetch_row(pg_execute($c, 'pick', [$i])));
    $r = pg_query($c, 'SELECT * FROM items WHERE id < 3 ORDER BY id');
    for ($i = 0; $i < pg_num_fields($r); $i++)
        show([pg_field_name($r, $i), pg_field_type($r, $i), pg_field_size($r, $i)]);
    show(pg_affected_rows(pg_query($c, 'UPDATE items SET stock = 4 WHERE id < 9')));
    show(pg_insert($c, 'items', ['name' => "php's", 'price' => '2.5'], PGSQL_DML_EXEC | PGSQL_DML_ESCAPE));
    show(pg_fetch_all(pg_query($c, "SELECT id, name, price FROM items WHERE name LIKE 'php%'")));
    show(pg_copy_from($c, 'orders (item_id, quantity, note)', ["1\t2\tphp\n", "3\t4\t\\N\n"]));
    show(array_slice(pg_copy_to($c, '(SELECT id, name FROM items ORDER BY id)'), 0, 3));
    pgsql_fails($c, 'SELECT nosuch FROM items');
    pgsql_fails($c, 'SELECT id FROM items WHERE id = $1 AND nosuch = 2', [1]);
    pgsql_fails($c, 'SELECT * FORM items');
    pgsql_fails($c, 'INSERT INTO items (name) VALUES ($1)', ['item 1']);
    pg_query($c, 'BEGIN');
    pg_query($c, 'DELETE FROM orders');
    show(pg_transaction_status($c));
    pg_query($c, 'ROLLBACK');
    show(pg_fetch_row(pg_query($c, 'SELECT count(*) FROM orders')));
    pg_query($c, 'LISTEN php_news');
    pg_query($c, "NOTIFY php_news, 'hi'");
    $n = pg_get_notify($c);
    show([$n['message'], $n['payload']]);
    pg_send_query($c, 'SELECT pg_sleep(20) FROM items');
    usleep(300000);
    show(pg_cancel_query($c));
    show(pg_fetch_row(pg_query($c, 'SELECT count(*) FROM items')));
    $big = str_repeat('x', 2500000);
    pg_query_params($c, 'INSERT INTO big (id, body) VALUES (39, $1)', [$big]);
    show(pg_fetch_row(pg_query($c, 'SELECT body FROM big WHERE id = 39'))[0] === $big);
    // Ended by somebody else: reset connects again.
    $other = pg_connect(getenv('DATABASE_URL'), PGSQL_CONNECT_FORCE_NEW);
    pg_query_params($other, 'SELECT pg_terminate_backend($1)', [pg_get_pid($c)]);
    pg_close($other);
    usleep(200000);
    show([@pg_query($c, 'SELECT 1') !== false, pg_connection_status($c) === PGSQL_CONNECTION_OK]);
    show(pg_connection_reset($c));
    show(pg_fetch_row(pg_query($c, 'SELECT count(*) FROM kinds')));
    pg_close($c);
}

function pdo_fails($db, $text, $values = []) {
    try {
        $s = $db->prepare($text);
        $s->execute($values);
        show('no error');
    } catch (PDOException $e) {
        show($e->errorInfo);
    }
}

function with_pdo($emulated) {
    $db = new PDO(sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('PGHOST'), getenv('PGPORT'), getenv('PGDATABASE')), getenv('PGUSER'), getenv('PGPASSWORD'),
        [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => $emulated, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
    $s = $db->prepare('SELECT id, name, stock, price FROM items WHERE id = ? OR id = ? ORDER BY id');
    foreach ([[1, 2], [3, 1000001], [5, 6]] as $ids) {
        $s->execute($ids);
        show($s->fetchAll());
    }
    $s = $db->prepare('SELECT count(*) AS n FROM orders WHERE note LIKE :note AND quantity > :q');
    $s->bindValue('note', 'note %');
    $s->bindValue('q', 1, PDO::PARAM_INT);
    $s->execute();
    show([$s->fetchColumn(), $s->columnCount(), $s->getColumnMeta(0)['native_type']]);
    $name = 'pdo ' . ($emulated ? 'emulated' : 'real');
    $s = $db->prepare('INSERT INTO items (name, data) VALUES (?, ?) RETURNING id');
    $s->execute([$name, json_encode(['a' => 1])]);
    show($s->fetch());
    $db->beginTransaction();
    show($db->exec("UPDATE items SET stock = 0 WHERE id <= 20"));
    $db->rollBack();
    $db->beginTransaction();
    show($db->exec("DELETE FROM orders WHERE id = " . ($emulated ? 11 : 12)));
    $db->commit();
    show($db->query('SELECT count(*) FROM orders')->fetchColumn());
    show($db->pgsqlCopyFromArray('orders', ["9\t8\tpdo"], "\t", '\\\\N', 'item_id, quantity, note'));
    show(count($db->pgsqlCopyToArray('items', "\t", '\\\\N', 'id, name')));
    pdo_fails($db, 'SELECT nosuch FROM items');
    pdo_fails($db, 'SELECT id FROM items WHERE id = ? AND nosuch = 1', [1]);
    pdo_fails($db, 'INSERT INTO items (name) VALUES (?)', [$name]);
    pdo_fails($db, 'SELECT * FORM items');
    $s = $db->prepare('INSERT INTO big (id, body, raw) VALUES (?, ?, ?)');
    $s->bindValue(1, $emulated ? 23 : 24);
    $s->bindValue(2, str_repeat('h', 2000000));
    $s->bindValue(3, "\x00\x01\xff", PDO::PARAM_LOB);
    $s->execute();
    show($db->query('SELECT id, length(body) AS l, encode(raw, \'hex\') AS r FROM big WHERE id > 1 ORDER BY id')->fetchAll());
    show($db->query('SELECT 1 AS a')->fetchAll());
}

with_pgsql();
with_pdo(true);
with_pdo(false);
