# DBD::Pg: placeholders of each style, server-side prepares on and off, arrays, COPY, savepoints, asynchronous queries, errors, notifications.
use strict;
use warnings;
use DBI;
use DBD::Pg qw(:pg_types :async);
binmode STDOUT, ':encoding(UTF-8)';

sub show {
    print join(' | ', map { !defined $_ ? 'NULL' : ref $_ eq 'ARRAY' ? '[' . join(',', map { $_ // 'NULL' } @$_) . ']' : $_ } @_), "\n";
}

sub connected {
    return DBI->connect("dbi:Pg:dbname=$ENV{PGDATABASE};host=$ENV{PGHOST};port=$ENV{PGPORT}", $ENV{PGUSER}, $ENV{PGPASSWORD},
        { RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1, @_ });
}

sub fails {
    my ($db, $text, @values) = @_;
    if (eval { my $s = $db->prepare($text); $s->execute(@values); 1 }) {
        show('no error', $text);
    } else {
        show($db->state, $db->errstr, map { $db->pg_error_field($_) } qw(severity message_primary message_detail message_hint statement_position constraint_name));
    }
    $db->rollback unless $db->{AutoCommit};
}

sub statements {
    my $db = shift;
    my $s = $db->prepare('SELECT * FROM kinds ORDER BY id');
    $s->execute;
    show(@{$s->{NAME}});
    show(@{$s->{pg_type}});
    while (my @row = $s->fetchrow_array) {
        show(@row);
    }
    $s = $db->prepare('SELECT id, name, price FROM items WHERE id = ? AND name <> ?');
    for my $i (1 .. 6) {
        $s->execute($i, "it's");
        show($s->fetchrow_array);
    }
    $s = $db->prepare('SELECT id, name FROM items WHERE id = :id OR id = :other ORDER BY id');
    $s->bind_param(':id', 4);
    $s->bind_param(':other', 1000001);
    $s->execute;
    show(map { @$_ } @{$s->fetchall_arrayref});
    $s = $db->prepare('SELECT name FROM items WHERE id = ANY($1) ORDER BY id');
    $s->execute([2, 3, 5]);
    show(map { @$_ } @{$s->fetchall_arrayref});
    $s = $db->prepare('SELECT $1::text, $2::bytea, count(*) FROM orders');
    $s->bind_param(1, "t\x{eb}xt \x{2603}");
    $s->bind_param(2, "\x00\xff", { pg_type => PG_BYTEA });
    $s->execute;
    my @row = $s->fetchrow_array;
    show($row[0], unpack('H*', $row[1]), $row[2]);
    show($db->selectrow_array('INSERT INTO items (name, tags) VALUES (?, ?) RETURNING id, tags', undef, 'perl ' . $db->{pg_server_prepare}, ['a', 'b c', undef]));
    show($db->do('UPDATE items SET stock = stock + 1 WHERE id < ?', undef, 10), $db->do('DELETE FROM orders WHERE id = ?', undef, 30 + $db->{pg_server_prepare}));
    show($db->selectrow_array('SELECT count(*), sum(stock) FROM items'));
    show($db->do("SELECT 1; SELECT count(*) FROM items"));
    show($db->last_insert_id(undef, 'public', 'items', undef));
    show(map { $_->{COLUMN_NAME} } grep { $_->{COLUMN_NAME} ne 'tenant_id' } @{$db->column_info(undef, 'public', 'orders', undef)->fetchall_arrayref({})});
    show($db->primary_key(undef, 'public', 'orders'));
}

sub copies {
    my $db = shift;
    $db->do('COPY orders (item_id, quantity, note) FROM STDIN');
    $db->pg_putcopydata((1 + $_ % 50) . "\t$_\tperl $_\n") for 1 .. 250;
    $db->pg_putcopyend;
    show($db->selectrow_array('SELECT count(*), sum(quantity), max(note) FROM orders'));
    $db->do('COPY (SELECT id, name FROM items WHERE id < 4 ORDER BY id) TO STDOUT');
    my $line;
    while ($db->pg_getcopydata($line) >= 0) {
        print $line;
    }
}

sub transactions {
    my $db = connected(AutoCommit => 0);
    $db->do('UPDATE items SET price = 5 WHERE id = 1');
    $db->pg_savepoint('s');
    $db->do('DELETE FROM orders');
    $db->pg_rollback_to('s');
    $db->commit;
    show($db->selectrow_array('SELECT count(*) FROM orders'));
    $db->commit;
    fails($db, 'SELECT nosuch FROM items');
    fails($db, 'SELECT id FROM items WHERE id = ? AND nosuch = 1', 1);
    fails($db, 'SELECT * FORM items');
    fails($db, 'INSERT INTO items (name) VALUES (?)', 'item 1');
    fails($db, 'UPDATE items SET stock = -1 WHERE id = 2');
    $db->do('DELETE FROM orders');
    eval { $db->do('SELECT 1/0') };
    show($db->state, $db->ping);
    $db->rollback;
    show($db->selectrow_array('SELECT count(*) FROM orders'));
    $db->disconnect;
}

my $db = connected();
show($db->{pg_server_version}, $db->{pg_enable_utf8});
for my $prepare (1, 0) {
    $db->{pg_server_prepare} = $prepare;
    statements($db);
    copies($db);
}
transactions();
$db->do('LISTEN perl_news');
$db->do("NOTIFY perl_news, 'hi'");
my $n = $db->pg_notifies;
show($n->[0], $n->[2]);
$db->do('SELECT pg_sleep(20) FROM items', { pg_async => PG_ASYNC });
select(undef, undef, undef, 0.3);
show($db->pg_cancel ? 'cancelled' : 'not cancelled');
$db->do('SELECT count(*) FROM items', { pg_async => PG_ASYNC });
show($db->pg_result);
my $big = 'l' x 3000000;
$db->do('INSERT INTO big (id, body) VALUES (29, ?)', undef, $big);
show(($db->selectrow_array('SELECT body FROM big WHERE id = 29'))[0] eq $big ? 'same' : 'differs');
show($db->selectrow_array('SELECT count(*) FROM items WHERE name LIKE ?', undef, 'CANARY%'));
my $batch = $db->prepare('INSERT INTO orders (item_id, quantity, note) VALUES (?, ?, ?)');
show(scalar $batch->execute_array({}, [map { 1 + $_ % 50 } 1 .. 60], [1 .. 60], 'batch'));
show($db->selectrow_array("SELECT count(*), sum(quantity) FROM orders WHERE note = 'batch'"));
# Ended by somebody else: ping tells, and a new connection works.
my $other = connected();
$other->do('SELECT pg_terminate_backend(?)', undef, $db->{pg_pid});
select(undef, undef, undef, 0.2);
show($db->ping ? 'alive' : 'gone', eval { $db->do('SELECT 1'); 1 } ? 'works' : $db->state);
show($other->selectrow_array('SELECT count(*) FROM kinds'));
$other->disconnect;
$db->disconnect;
