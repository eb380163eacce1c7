package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"
	"strconv"
)

// dumpReader reads a backup and holds it against its own counts and sum.
type dumpReader struct {
	lines  *bufio.Reader
	sum    hash.Hash
	header dumpHeader
}

// errDamaged says that a backup is not whole.
func errDamaged(why string) error {
	return fmt.Errorf("this is not a whole backup of Freigabe: %s", why)
}

func openDump(from io.Reader) (*dumpReader, error) {
	zip, err := gzip.NewReader(from)
	if err != nil {
		return nil, errDamaged("it is not compressed as one")
	}
	r := &dumpReader{lines: bufio.NewReaderSize(zip, 1<<16), sum: sha256.New()}
	line, err := r.line()
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(line, &r.header) != nil || r.header.Format == 0 {
		return nil, errDamaged("its first line is no header")
	}
	if r.header.Format != dumpFormat {
		return nil, fmt.Errorf("this backup has format %d, and this program reads %d; use the version that made it", r.header.Format, dumpFormat)
	}
	r.sum.Write(line)
	return r, nil
}

func (r *dumpReader) line() ([]byte, error) {
	line, err := r.lines.ReadBytes('\n')
	if err != nil {
		return nil, errDamaged("it ends too early")
	}
	return line, nil
}

// dumpBatch is how many rows go into the database together, and
// dumpBatchBytes how many bytes: pictures are large.
const (
	dumpBatch      = 512
	dumpBatchBytes = 4 << 20
)

// rows gives all rows, in portions of one table.
func (r *dumpReader) rows(put func(dumpTable, [][]any) error) error {
	var table dumpTable
	var batch [][]any
	size := 0
	counts := map[string]int{}
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		counts[table.Table] += len(batch)
		err := put(table, batch)
		batch, size = nil, 0
		return err
	}
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		if line[0] == '{' {
			if err := flush(); err != nil {
				return err
			}
			if bytes.HasPrefix(line, []byte(`{"counts"`)) {
				return r.verify(line, counts)
			}
			table = dumpTable{}
			if json.Unmarshal(line, &table) != nil || table.Table == "" {
				return errDamaged("a line is neither a table nor a row")
			}
			counts[table.Table] = 0
		} else if batch, err = addRow(batch, line, len(table.Columns)); err != nil {
			return err
		}
		r.sum.Write(line)
		if size += len(line); len(batch) == dumpBatch || size > dumpBatchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

func (r *dumpReader) verify(line []byte, counts map[string]int) error {
	var end dumpEnd
	switch {
	case json.Unmarshal(line, &end) != nil:
		return errDamaged("its last line cannot be read")
	case end.Sum != hex.EncodeToString(r.sum.Sum(nil)):
		return errDamaged("it was changed after it was made")
	case !maps.Equal(end.Counts, counts):
		return errDamaged("rows are missing")
	}
	if _, err := r.lines.ReadByte(); err != io.EOF {
		return errDamaged("something follows its end")
	}
	return nil
}

func addRow(batch [][]any, line []byte, columns int) ([][]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var row []any
	if err := d.Decode(&row); err != nil || len(row) != columns || columns == 0 {
		return nil, errDamaged("a row cannot be read")
	}
	for i, v := range row {
		value, err := undumped(v)
		if err != nil {
			return nil, err
		}
		row[i] = value
	}
	return append(batch, row), nil
}

func undumped(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n, nil
		}
		return v.Float64()
	case map[string]any:
		text, ok := v["base64"].(string)
		b, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil {
			return nil, errDamaged("bytes cannot be read")
		}
		return b, nil
	case nil, string, bool:
		return v, nil
	}
	return nil, errDamaged("a value cannot be read")
}

// hasTable tells whether the schema has a table of that name.
func (s *Store) hasTable(ctx context.Context, tx *sql.Tx, name string) (bool, error) {
	query := "select count(*) from information_schema.tables where table_schema = current_schema() and table_name = $1"
	if s.d.name == "sqlite" {
		query = "select count(*) from sqlite_master where type = 'table' and name = $1"
	}
	var n int
	err := tx.QueryRowContext(ctx, query, name).Scan(&n)
	return n > 0, err
}
