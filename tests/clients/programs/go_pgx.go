// pgx: the binary protocol, automatic preparing, batches, CopyFrom, nested transactions, errors, notifications, contexts.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
)

var ctx = context.Background()

func check(err error) {
	if err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
}

func fails(err error) {
	if e, ok := err.(*pgconn.PgError); ok {
		fmt.Println(e.Code, e.Severity, e.Message, "|", e.Detail, "|", e.Hint, "|", e.Position, e.ConstraintName, e.TableName)
	} else {
		fmt.Println("error:", err)
	}
}

func show(rows pgx.Rows, err error) {
	if err != nil {
		fails(err)
		return
	}
	defer rows.Close()
	for _, f := range rows.FieldDescriptions() {
		fmt.Print(string(f.Name), ":", f.DataTypeOID, " ")
	}
	fmt.Println()
	for rows.Next() {
		values, err := rows.Values()
		check(err)
		fmt.Println(values...)
	}
	if rows.Err() != nil {
		fails(rows.Err())
	}
	fmt.Println(string(rows.CommandTag()))
}

func statements(c *pgx.Conn) {
	show(c.Query(ctx, "SELECT id, b, i2, i4, i8, f4, f8, t, v, c, by, d, ts, tz, ia, ta FROM kinds ORDER BY id"))
	show(c.Query(ctx, "SELECT id, name, stock FROM items WHERE id = ANY($1) ORDER BY id", []int32{1, 2, 1000001}))
	for i := 1; i < 5; i++ {
		show(c.Query(ctx, "SELECT name FROM items WHERE id = $1", i))
	}
	show(c.Query(ctx, "SELECT id, name FROM items WHERE id < $1 ORDER BY id", pgx.QuerySimpleProtocol(true), 4))
	_, err := c.Prepare(ctx, "mine", "SELECT name, stock FROM items WHERE id = $1 AND stock >= $2")
	check(err)
	show(c.Query(ctx, "mine", 3, 0))
	tag, err := c.Exec(ctx, "INSERT INTO items (name, tags) VALUES ($1, $2)", "pgx", []string{"x", "y"})
	check(err)
	fmt.Println(tag)
	_, err = c.Exec(ctx, "SELECT nosuch FROM items")
	fails(err)
	_, err = c.Exec(ctx, "SELECT id FROM items WHERE id = $1 AND nosuch = 1", 1)
	fails(err)
	_, err = c.Exec(ctx, "INSERT INTO items (name) VALUES ($1)", "item 1")
	fails(err)
	_, err = c.Exec(ctx, "SELECT * FORM items")
	fails(err)
	_, err = c.Exec(ctx, "UPDATE items SET stock = $1", -1)
	fails(err)
}

func batches(c *pgx.Conn) {
	b := &pgx.Batch{}
	for i := 1; i <= 40; i++ {
		b.Queue("SELECT name, stock FROM items WHERE id = $1", i)
		b.Queue("INSERT INTO orders (item_id, quantity, note) VALUES ($1, $2, 'batch')", i, i)
	}
	b.Queue("SELECT count(*), sum(quantity) FROM orders WHERE note = 'batch'")
	r := c.SendBatch(ctx, b)
	for i := 1; i <= 40; i++ {
		rows, err := r.Query()
		if i > 38 {
			show(rows, err)
		} else {
			rows.Close()
		}
		_, err = r.Exec()
		check(err)
	}
	show(r.Query())
	check(r.Close())
	b = &pgx.Batch{}
	b.Queue("INSERT INTO items (name) VALUES ('lost')")
	b.Queue("SELECT 1/0 FROM items")
	b.Queue("INSERT INTO items (name) VALUES ('skipped')")
	r = c.SendBatch(ctx, b)
	_, err := r.Exec()
	fmt.Println(err)
	_, err = r.Exec()
	fails(err)
	_, err = r.Exec()
	fmt.Println(err != nil)
	r.Close()
	show(c.Query(ctx, "SELECT count(*) FROM items WHERE name IN ('lost', 'skipped')"))
}

func main() {
	url := os.Getenv("DATABASE_URL")
	c, err := pgx.Connect(ctx, url)
	check(err)
	statements(c)
	batches(c)
	rows := [][]interface{}{}
	for i := 0; i < 600; i++ {
		rows = append(rows, []interface{}{int32(1 + i%50), int32(i), fmt.Sprint("copy ", i)})
	}
	n, err := c.CopyFrom(ctx, pgx.Identifier{"orders"}, []string{"item_id", "quantity", "note"}, pgx.CopyFromRows(rows))
	fmt.Println(n, err)
	_, err = c.CopyFrom(ctx, pgx.Identifier{"orders"}, []string{"item_id", "quantity"}, pgx.CopyFromRows([][]interface{}{{int32(888888), int32(1)}}))
	fails(err)
	show(c.Query(ctx, "SELECT count(*), sum(quantity), max(note) FROM orders"))
	check(c.BeginFunc(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE items SET price = 3 WHERE id = 1")
		check(err)
		fails(tx.BeginFunc(ctx, func(inner pgx.Tx) error {
			_, err := inner.Exec(ctx, "INSERT INTO items (name) VALUES ('item 2')")
			return err
		}))
		return nil
	}))
	show(c.Query(ctx, "SELECT id, stock FROM items WHERE price = 3"))
	_, err = c.Exec(ctx, "LISTEN pgx_news")
	check(err)
	_, err = c.Exec(ctx, "NOTIFY pgx_news, 'hello'")
	check(err)
	note, err := c.WaitForNotification(ctx)
	check(err)
	fmt.Println(note.Channel, note.Payload, note.PID == c.PgConn().PID())
	big := strings.Repeat("p", 3000000)
	_, err = c.Exec(ctx, "INSERT INTO big (id, body) VALUES ($1, $2)", 17, big)
	check(err)
	var back string
	check(c.QueryRow(ctx, "SELECT body FROM big WHERE id = 17").Scan(&back))
	fmt.Println(back == big)
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err = c.Exec(short, "SELECT pg_sleep(20)")
	fmt.Println(err != nil, c.IsClosed())
	c, err = pgx.Connect(ctx, url)
	check(err)
	show(c.Query(ctx, "SELECT count(*) FROM items"))
	canceller, err := pgx.Connect(ctx, url)
	check(err)
	go func() {
		time.Sleep(300 * time.Millisecond)
		canceller.PgConn().CancelRequest(ctx)
	}()
	_, err = canceller.Exec(ctx, "SELECT pg_sleep(20)")
	fails(err)
	show(canceller.Query(ctx, "SELECT count(*) FROM orders"))
	check(c.Close(ctx))
	check(canceller.Close(ctx))
}
