import java.io.*;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** pgJDBC: server-side prepared statements after five uses, binary transfer, batches, generated keys, COPY, cursors, cancel. */
public class Jdbc {
    static String url(String more) {
        return "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE") + more;
    }

    static Connection connect(String more) throws SQLException {
        Properties p = new Properties();
        p.setProperty("user", System.getenv("PGUSER"));
        p.setProperty("password", System.getenv("PGPASSWORD"));
        return DriverManager.getConnection(url(more), p);
    }

    static void show(ResultSet r) throws SQLException {
        ResultSetMetaData m = r.getMetaData();
        StringBuilder head = new StringBuilder();
        for (int i = 1; i <= m.getColumnCount(); i++)
            head.append(m.getColumnLabel(i)).append(':').append(m.getColumnTypeName(i)).append(' ');
        System.out.println(head);
        while (r.next()) {
            StringBuilder line = new StringBuilder();
            for (int i = 1; i <= m.getColumnCount(); i++)
                line.append(r.getString(i)).append(" | ");
            System.out.println(line);
        }
    }

    static void show(SQLException e) {
        ServerErrorMessage m = e instanceof PSQLException ? ((PSQLException) e).getServerErrorMessage() : null;
        System.out.println(e.getSQLState() + " " + (m == null ? e.getMessage() : m.getSeverity() + " " + m.getMessage() + " | " + m.getDetail() + " | "
            + m.getHint() + " | " + m.getPosition() + " | " + m.getConstraint() + " " + m.getTable()));
    }

    interface Step { void run() throws Exception; }

    static void fails(Connection c, Step step) throws Exception {
        try {
            step.run();
            System.out.println("no error");
        } catch (SQLException e) {
            show(e);
        }
        if (!c.getAutoCommit())
            c.rollback();
    }

    static void types(Connection c) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT * FROM kinds ORDER BY id")) {
            show(r);
        }
        try (PreparedStatement p = c.prepareStatement("SELECT ? AS a, ?::text AS b, ? AS c, ? AS d, ?::uuid AS e, ? AS f, ?::jsonb AS g, count(*) AS n FROM orders WHERE id < ?")) {
            p.setInt(1, 5);
            p.setString(2, "tëxt ☃");
            p.setBigDecimal(3, new BigDecimal("12.50"));
            p.setBytes(4, new byte[] {0, 1, (byte) 255});
            p.setObject(5, UUID.fromString("6f1d3a52-0000-4000-8000-00000000abcd"));
            p.setArray(6, c.createArrayOf("integer", new Integer[] {1, null, 3}));
            p.setString(7, "{\"a\": 1}");
            p.setInt(8, 50);
            try (ResultSet r = p.executeQuery()) {
                show(r);
            }
        }
    }

    static void statements(Connection c) throws Exception {
        try (PreparedStatement p = c.prepareStatement("SELECT id, name, price FROM items WHERE id = ?")) {
            // The fifth use makes a named statement of it, with binary transfer.
            for (int i = 1; i <= 9; i++) {
                p.setInt(1, i == 9 ? 1000001 : i);
                try (ResultSet r = p.executeQuery()) {
                    show(r);
                }
            }
            System.out.println(p.getParameterMetaData().getParameterTypeName(1) + " " + p.getMetaData().getColumnCount());
        }
        try (PreparedStatement p = c.prepareStatement("INSERT INTO items (name, price) VALUES (?, ?)", Statement.RETURN_GENERATED_KEYS)) {
            p.setString(1, "jdbc");
            p.setBigDecimal(2, new BigDecimal("4.25"));
            System.out.println(p.executeUpdate());
            try (ResultSet r = p.getGeneratedKeys()) {
                show(r);
            }
        }
        try (PreparedStatement p = c.prepareStatement("INSERT INTO orders (item_id, quantity, note) VALUES (?, ?, ?)")) {
            for (int i = 0; i < 300; i++) {
                p.setInt(1, 1 + i % 50);
                p.setInt(2, i);
                p.setString(3, "batch " + i);
                p.addBatch();
            }
            System.out.println(Arrays.stream(p.executeBatch()).sum());
        }
        try (Statement s = c.createStatement()) {
            s.addBatch("UPDATE items SET stock = 5 WHERE id < 10");
            s.addBatch("DELETE FROM orders WHERE note LIKE 'batch 1%'");
            System.out.println(Arrays.toString(s.executeBatch()));
            boolean more = s.execute("SELECT count(*) FROM items; UPDATE items SET stock = 6 WHERE id = 1; SELECT sum(quantity) FROM orders");
            while (more || s.getUpdateCount() != -1) {
                if (more)
                    show(s.getResultSet());
                else
                    System.out.println("count " + s.getUpdateCount());
                more = s.getMoreResults();
            }
        }
        try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
             ResultSet r = s.executeQuery("SELECT id, name, stock FROM items WHERE id <= 3 ORDER BY id")) {
            r.absolute(2);
            r.updateInt("stock", 11);
            r.updateRow();
            System.out.println(r.getString("name") + " " + r.getInt("stock"));
        }
        DatabaseMetaData m = c.getMetaData();
        try (ResultSet r = m.getPrimaryKeys(null, "public", "items")) {
            show(r);
        }
        System.out.println(m.getDatabaseProductVersion() + " " + m.supportsBatchUpdates());
    }

    static void transactions(Connection c) throws Exception {
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            s.setFetchSize(7);
            int n = 0;
            try (ResultSet r = s.executeQuery("SELECT id FROM orders WHERE id <= 100 ORDER BY id")) {
                while (r.next())
                    n += r.getInt(1);
            }
            System.out.println("fetched in portions: " + n);
            s.executeUpdate("UPDATE items SET price = 1 WHERE id = 1");
            Savepoint p = c.setSavepoint();
            s.executeUpdate("DELETE FROM orders");
            c.rollback(p);
            c.commit();
            try (ResultSet r = s.executeQuery("SELECT count(*) FROM orders")) {
                show(r);
            }
            fails(c, () -> s.executeQuery("SELECT nosuch FROM items"));
            fails(c, () -> s.executeQuery("SELECT * FORM items"));
            fails(c, () -> s.executeUpdate("INSERT INTO items (name) VALUES ('item 1')"));
            fails(c, () -> s.executeUpdate("UPDATE items SET stock = -1 WHERE id = 3"));
            fails(c, () -> s.executeUpdate("INSERT INTO orders (item_id, quantity) VALUES (777777, 1)"));
            fails(c, () -> {
                try (PreparedStatement q = c.prepareStatement("SELECT id FROM items WHERE id = ? AND nosuch = ?")) {
                    q.setInt(1, 1);
                    q.setInt(2, 1);
                    q.executeQuery();
                }
            });
            fails(c, () -> {
                s.executeUpdate("DELETE FROM orders");
                fails2(s);
                s.executeQuery("SELECT 1");
            });
            try (ResultSet r = s.executeQuery("SELECT count(*) FROM orders")) {
                show(r);
            }
            c.commit();
        }
        c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        System.out.println(c.getTransactionIsolation());
        c.commit();
        c.setAutoCommit(true);
    }

    static void fails2(Statement s) {
        try {
            s.executeQuery("SELECT 1/0");
        } catch (SQLException e) {
            show(e);
        }
    }

    static void copies(Connection c) throws Exception {
        CopyManager m = ((PGConnection) c).getCopyAPI();
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 400; i++)
            rows.append(1 + i % 50).append(',').append(i).append(",\"java ").append(i).append("\"\n");
        System.out.println(m.copyIn("COPY orders (item_id, quantity, note) FROM STDIN WITH (FORMAT csv)", new StringReader(rows.toString())));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.out.println(m.copyOut("COPY (SELECT id, name FROM items WHERE id < 4 ORDER BY id) TO STDOUT", out));
        System.out.println(out.toString(StandardCharsets.UTF_8));
        fails(c, () -> m.copyIn("COPY orders (item_id, quantity) FROM STDIN", new StringReader("1\tx\n")));
    }

    static void notifications(Connection c) throws Exception {
        try (Statement s = c.createStatement(); Connection other = connect(""); Statement t = other.createStatement()) {
            s.execute("LISTEN jdbc_news");
            t.execute("NOTIFY jdbc_news, 'from java'");
            PGNotification[] got = ((PGConnection) c).getNotifications(5000);
            System.out.println(got.length + " " + got[0].getName() + " " + got[0].getParameter());
        }
    }

    static void cancelling(Connection c) throws Exception {
        try (Statement s = c.createStatement()) {
            Thread t = new Thread(() -> {
                try {
                    Thread.sleep(300);
                    s.cancel();
                } catch (Exception e) {
                    System.out.println(e);
                }
            });
            t.start();
            fails(c, () -> s.executeQuery("SELECT pg_sleep(20) FROM items"));
            t.join();
            s.setQueryTimeout(1);
            fails(c, () -> s.executeQuery("SELECT pg_sleep(20)"));
            s.setQueryTimeout(0);
            s.execute("DO $$ BEGIN RAISE WARNING 'careful'; END $$");
            System.out.println(s.getWarnings().getMessage());
        }
    }

    public static void main(String[] words) throws Exception {
        try (Connection c = connect("?ApplicationName=java")) {
            types(c);
            statements(c);
            transactions(c);
            copies(c);
            notifications(c);
            cancelling(c);
            String big = "j".repeat(3000000);
            try (PreparedStatement p = c.prepareStatement("INSERT INTO big (id, body) VALUES (?, ?) RETURNING length(body)")) {
                p.setInt(1, 11);
                p.setString(2, big);
                try (ResultSet r = p.executeQuery()) {
                    show(r);
                }
            }
        }
        for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"}) {
            System.out.println(mode);
            try (Connection c = connect("?preferQueryMode=" + mode); PreparedStatement p = c.prepareStatement(
                    "SELECT i.name, count(o.id) AS n FROM items i LEFT JOIN orders o ON o.item_id = i.id WHERE i.id <= ? GROUP BY i.id ORDER BY i.id")) {
                p.setInt(1, 3);
                for (int i = 0; i < 7; i++)
                    try (ResultSet r = p.executeQuery()) {
                        if (i == 6)
                            show(r);
                    }
            }
        }
        try (Connection c = connect("?prepareThreshold=1&defaultRowFetchSize=5&binaryTransfer=true&reWriteBatchedInserts=true&options=-c%20statement_timeout=30s");
             Statement s = c.createStatement()) {
            s.execute("CREATE TABLE made (id serial PRIMARY KEY, v text)");
            try (PreparedStatement p = c.prepareStatement("INSERT INTO made (v) VALUES (?)")) {
                for (int i = 0; i < 10; i++) {
                    p.setString(1, "r" + i);
                    p.addBatch();
                }
                p.executeBatch();
            }
            try (PreparedStatement p = c.prepareStatement("SELECT * FROM made WHERE id < ? ORDER BY id")) {
                p.setInt(1, 4);
                show(p.executeQuery());
                s.execute("ALTER TABLE made ADD COLUMN w integer DEFAULT 1");
                show(p.executeQuery());
            }
            show(s.executeQuery("SHOW statement_timeout"));
        }
    }
}
