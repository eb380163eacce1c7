// Command assets bundles the scripts and styles of frontend/src into
// frontend/static, minified, by esbuild's Go interface: no Node is needed. The
// outputs are committed, so that building Freigabe itself needs not even this.
//
//	go run ./internal/assets          writes the outputs and prints their sizes
//	go run ./internal/assets -check   writes nothing, fails where outputs are not
//	                                  current or a size budget is exceeded
//
// Every file at the top of frontend/src is an entry, NAME.ts becoming NAME.js
// and NAME.css staying so; folders below it hold what entries share.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/andybalholm/brotli"
)

// budget bounds what a reader or editor must fetch, compressed with brotli.
type budget struct {
	what  string
	files []string
	bytes int
}

var budgets = []budget{
	{"reader's section", []string{"embed.js", "embed.css"}, 6_000},
	{"triage screen", []string{"desk.js", "desk.css"}, 12_000},
}

func main() {
	check := flag.Bool("check", false, "write nothing; fail where outputs are not current or over budget")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, *check); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

// run builds the assets of the module around the working directory.
func run(out io.Writer, check bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	outputs, err := build(filepath.Join(root, "frontend", "src"))
	if err != nil {
		return err
	}
	static := filepath.Join(root, "frontend", "static")
	over := report(out, outputs)
	if check {
		return errors.Join(current(static, outputs), over)
	}
	if err := write(static, outputs); err != nil {
		return err
	}
	return over
}

// moduleRoot walks up to the folder of go.mod, so that tests and people may
// call this from anywhere in the module.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory: run this inside the repository")
		}
		dir = up
	}
}

// report prints each output's size, raw and compressed, and returns an error
// where a budget is exceeded.
func report(out io.Writer, outputs []output) error {
	sizes := map[string]int{}
	for _, o := range outputs {
		sizes[o.name] = compressed(o.content)
		fmt.Fprintf(out, "%-20s %7d bytes, brotli %6d\n", o.name, len(o.content), sizes[o.name])
	}
	var over error
	for _, b := range budgets {
		total := 0
		for _, name := range b.files {
			total += sizes[name]
		}
		fmt.Fprintf(out, "%-20s %7s        brotli %6d of %d\n", b.what, "", total, b.bytes)
		if total > b.bytes {
			over = errors.Join(over, fmt.Errorf("%s has %d bytes in brotli, its budget is %d", b.what, total, b.bytes))
		}
	}
	return over
}

func compressed(content []byte) int {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	_, _ = w.Write(content) // memory cannot fail
	_ = w.Close()
	return b.Len()
}
