"""One of several writers of one SQLite database: sqlite.py DATABASE NAME ROWS JOURNAL_MODE

Each transaction reads how many rows of all writers there are and notes that number: two that did not see each other
would note the same one.
"""
import sqlite3
import sys

path, name, rows, mode = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
db = sqlite3.connect(path, timeout=60, isolation_level=None)
db.execute("pragma journal_mode=" + mode)
db.execute("pragma synchronous=full")
for i in range(rows):
    db.execute("begin immediate")
    db.execute("insert into row values(?, ?, ?)", (name, i, "x" * (i * 37 % 3000)))
    n = db.execute("select count(*) from seen").fetchone()[0]
    db.execute("insert into seen values(?)", (n,))
    if i % 10 == 9:
        db.execute("delete from row where writer = ? and i = ?", (name, i - 5))
    db.execute("commit")
print(db.execute("pragma integrity_check").fetchone()[0])
