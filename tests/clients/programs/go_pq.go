// lib/pq through database/sql: simple queries, prepared statements, transactions, pq.CopyIn, arrays, errors, listeners, contexts.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
)

func check(err error) {
	if err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
}

func fails(err error) {
	if e, ok := err.(*pq.Error); ok {
		fmt.Println(e.Code, e.Severity, e.Message, "|", e.Detail, "|", e.Hint, "|", e.Position, e.Constraint, e.Table)
	} else {
		fmt.Println("error:", err)
	}
}

func show(rows *sql.Rows, err error) {
	if err != nil {
		fails(err)
		return
	}
	defer rows.Close()
	for {
		names, _ := rows.Columns()
		types, _ := rows.ColumnTypes()
		for i := range names {
			fmt.Print(names[i], ":", types[i].DatabaseTypeName(), " ")
		}
		fmt.Println()
		values := make([]interface{}, len(names))
		into := make([]interface{}, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			check(rows.Scan(into...))
			for i := range values {
				if b, ok := values[i].([]byte); ok {
					values[i] = string(b)
				}
			}
			fmt.Println(values...)
		}
		if err := rows.Err(); err != nil {
			fails(err)
		}
		if !rows.NextResultSet() {
			return
		}
	}
}

func statements(db *sql.DB) {
	show(db.Query("SELECT * FROM kinds ORDER BY id"))
	show(db.Query("SELECT id, name FROM items WHERE id = ANY($1) ORDER BY id", pq.Array([]int{1, 2, 1000001})))
	show(db.Query("SELECT $1::text, $2::int, $3::bytea, $4::timestamptz, $5::bool, count(*) FROM orders", "tëxt ☃", 5, []byte{0, 255}, time.Unix(0, 0).UTC(), true))
	show(db.Query("SELECT 1 AS a; SELECT count(*) AS b FROM items"))
	s, err := db.Prepare("SELECT name, price FROM items WHERE id = $1")
	check(err)
	for i := 1; i < 5; i++ {
		show(s.Query(i))
	}
	check(s.Close())
	r, err := db.Exec("UPDATE items SET stock = stock + 1 WHERE id < $1", 11)
	check(err)
	fmt.Println(r.RowsAffected())
	var id int
	check(db.QueryRow("INSERT INTO items (name, tags) VALUES ($1, $2) RETURNING id", "go", pq.Array([]string{"a", "b"})).Scan(&id))
	fmt.Println(id)
	_, err = db.Query("SELECT nosuch FROM items")
	fails(err)
	_, err = db.Query("SELECT id FROM items WHERE id = $1 AND nosuch = 1", 1)
	fails(err)
	_, err = db.Exec("INSERT INTO items (name) VALUES ($1)", "item 1")
	fails(err)
	_, err = db.Exec("SELECT * FORM items")
	fails(err)
	_, err = db.Exec("UPDATE items SET stock = -1")
	fails(err)
}

func transactions(db *sql.DB) {
	tx, err := db.Begin()
	check(err)
	_, err = tx.Exec("DELETE FROM orders")
	check(err)
	_, err = tx.Exec("SELECT 1/0")
	fails(err)
	_, err = tx.Exec("SELECT 1")
	fails(err)
	fmt.Println(tx.Commit() != nil)
	show(db.Query("SELECT count(*) FROM orders"))
	tx, err = db.Begin()
	check(err)
	copy, err := tx.Prepare(pq.CopyIn("orders", "item_id", "quantity", "note"))
	check(err)
	for i := 0; i < 700; i++ {
		_, err = copy.Exec(1+i%50, i, fmt.Sprintf("go\t%d", i))
		check(err)
	}
	_, err = copy.Exec()
	check(err)
	check(copy.Close())
	check(tx.Commit())
	show(db.Query("SELECT count(*), sum(quantity), max(note) FROM orders"))
	tx, err = db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	check(err)
	_, err = tx.Exec("DELETE FROM items")
	fails(err)
	check(tx.Rollback())
}

func main() {
	url := os.Getenv("DATABASE_URL") + "?sslmode=disable"
	db, err := sql.Open("postgres", url)
	check(err)
	db.SetMaxOpenConns(5)
	check(db.Ping())
	statements(db)
	transactions(db)
	// Many at once over the pool.
	var group sync.WaitGroup
	names := make([]string, 100)
	for i := range names {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			check(db.QueryRow("SELECT name FROM items WHERE id = $1", 1+i%50).Scan(&names[i]))
		}(i)
	}
	group.Wait()
	fmt.Println(strings.Join(names[40:60], ","))
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err = db.ExecContext(ctx, "SELECT pg_sleep(20)")
	fails(err)
	show(db.Query("SELECT count(*) FROM items"))
	listener := pq.NewListener(url, time.Second, time.Second, nil)
	check(listener.Listen("go_news"))
	_, err = db.Exec("SELECT pg_notify('go_news', 'hi')")
	check(err)
	select {
	case n := <-listener.Notify:
		fmt.Println(n.Channel, n.Extra)
	case <-time.After(5 * time.Second):
		fmt.Println("no notification")
	}
	check(listener.Close())
	big := strings.Repeat("g", 3000000)
	_, err = db.Exec("INSERT INTO big (id, body) VALUES ($1, $2)", 13, big)
	check(err)
	var back string
	check(db.QueryRow("SELECT body FROM big WHERE id = 13").Scan(&back))
	fmt.Println(back == big)
	binary, err := sql.Open("postgres", url+"&binary_parameters=yes")
	check(err)
	show(binary.Query("SELECT name FROM items WHERE id = $1", 5))
	show(binary.Query("SELECT count(*) FROM orders WHERE item_id < $1 AND quantity > $2", 10, 2))
	check(binary.Close())
	// Ended by somebody else: database/sql takes another connection.
	db.SetMaxOpenConns(2)
	one, err := db.Conn(context.Background())
	check(err)
	var pid int
	check(one.QueryRowContext(context.Background(), "SELECT pg_backend_pid()").Scan(&pid))
	check(one.Close())
	other, err := sql.Open("postgres", url)
	check(err)
	_, err = other.Exec("SELECT pg_terminate_backend($1)", pid)
	check(err)
	check(other.Close())
	time.Sleep(200 * time.Millisecond)
	for i := 0; i < 3; i++ {
		show(db.Query("SELECT count(*) FROM kinds"))
	}
	check(db.Close())
}
