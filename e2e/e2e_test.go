package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/rogpeppe/go-internal/testscript"
)

// binary is the program, built once for all scripts.
var binary string

// atOnce is how many tests run beside each other for each core: they wait most of
// the time, for holds, leases and restarts. With -parallel 1 one can still see them
// one by one.
const atOnce = 3

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "freigabe-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "freigabe")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/freigabe").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		os.Exit(1)
	}
	besideEachOther()
	code := m.Run()
	_ = os.RemoveAll(dir) // a leftover in the temporary folder harms nobody
	os.Exit(code)
}

// besideEachOther lets atOnce tests run for each core, where nobody said otherwise.
func besideEachOther() {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if said {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(atOnce*runtime.GOMAXPROCS(0))); err != nil {
		fmt.Fprintln(os.Stderr, "tests run two at a time:", err)
	}
}

func TestPromises(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		scripts(t, func(testing.TB) string { return "" })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		pgtest.New(t) // skips here where there is no PostgreSQL
		scripts(t, func(t testing.TB) string { return pgtest.New(t) })
	})
}

func scripts(t *testing.T, dsn func(testing.TB) string) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds:                verbs,
		Setup: func(env *testscript.Env) error {
			house := &newsroom{dsn: dsn(t), dir: env.WorkDir, log: &bytes.Buffer{}}
			if house.dsn == "" {
				house.dsn = "sqlite:" + filepath.Join(env.WorkDir, "freigabe.db")
			}
			env.Values[key{}] = house
			env.Defer(house.stop)
			return nil
		},
	})
}
