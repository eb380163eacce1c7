package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	fileLines     = 500
	functionLines = 60
)

// longFunctions are allowed to be longer than functionLines, each for a reason.
var longFunctions = map[string]string{}

// withSQL are the packages that may hold SQL, each for a reason.
var withSQL = map[string]string{
	"internal/store":    "every line of SQL is here",
	"internal/bench":    "compares the store with bare statements",
	"internal/archtest": "knows what SQL looks like",
}

// source is one parsed file outside tests.
type source struct {
	name string // in the module
	set  *token.FileSet
	file *ast.File
}

// parsed reads the files of a package.
func parsed(t *testing.T, p listed) []source {
	t.Helper()
	var all []source
	for _, f := range p.GoFiles {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, f), nil, parser.ParseComments)
		if err != nil {
			t.Fatalf("parse: %v", err)
		}
		all = append(all, source{p.name() + "/" + f, set, file})
	}
	return all
}

// snippet parses a file given as text.
func snippet(t *testing.T, text string) source {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "x.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return source{"x.go", set, file}
}

// clockReadings returns the places that use the time of day: time.Now, and what calls it.
func clockReadings(s source) []string {
	clock := ""
	for _, i := range s.file.Imports {
		if i.Path.Value == `"time"` {
			clock = "time"
			if i.Name != nil {
				clock = i.Name.Name
			}
		}
	}
	var places []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		use, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := use.X.(*ast.Ident)
		if ok && clock != "" && pkg.Name == clock && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "Sleep", "NewTimer", "NewTicker", "AfterFunc"}, use.Sel.Name) {
			places = append(places, fmt.Sprintf("%s:%d", s.name, s.set.Position(use.Pos()).Line))
		}
		return true
	})
	return places
}

var (
	sql = regexp.MustCompile(`(?is)\binsert\s+into\s|\bupdate\s+\S+\s+set\s|\bdelete\s+from\s|\bselect\s.*\sfrom\s`)
	// An update whose list of assignments, which ends at where, names the column state.
	setsState = regexp.MustCompile(`(?is)\bset\s+(?:[^=]+=[^=]+,\s*)*state\s*=`)
)

// literals returns each function's string literals joined in order, so that a
// statement written in pieces is seen as one; those outside functions stand
// under the file's name.
func literals(s source) map[string]string {
	all := map[string]string{}
	for _, d := range s.file.Decls {
		name := s.name
		if f, ok := d.(*ast.FuncDecl); ok {
			name = s.name + " " + functionName(f)
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				text, err := strconv.Unquote(l.Value)
				if err == nil {
					all[name] += text + "\n"
				}
			}
			return true
		})
	}
	return all
}

// functionName is the function's name with its receiver's type, as in Store.Apply.
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	if name, ok := receiver.(*ast.Ident); ok {
		return name.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

func TestSQLIsInTheStoreAlone(t *testing.T) {
	for _, p := range packages(t) {
		if mayHoldSQL(p.name()) {
			continue
		}
		for _, s := range parsed(t, p) {
			for place, text := range eachLiteral(s) {
				if sql.MatchString(text) {
					t.Errorf("%s holds SQL: %q", place, text)
				}
			}
		}
	}
}

func mayHoldSQL(pkg string) bool {
	for allowed := range withSQL {
		if within(pkg, allowed) {
			return true
		}
	}
	return false
}

// eachLiteral returns the file's string literals by their places.
func eachLiteral(s source) map[string]string {
	all := map[string]string{}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if text, err := strconv.Unquote(l.Value); err == nil {
				all[fmt.Sprintf("%s:%d", s.name, s.set.Position(l.Pos()).Line)+":"+strconv.Itoa(s.set.Position(l.Pos()).Column)] = text
			}
		}
		return true
	})
	return all
}

// Whatever state a comment is in, one function put it there.
func TestOneFunctionSetsAState(t *testing.T) {
	var places []string
	for _, p := range packages(t) {
		if p.name() == "internal/archtest" {
			continue
		}
		for _, s := range parsed(t, p) {
			places = append(places, stateSetters(s)...)
		}
	}
	if len(places) > 1 {
		slices.Sort(places)
		t.Errorf("a state is set in %d places, one is allowed: %s", len(places), strings.Join(places, ", "))
	}
}

// stateSetters returns the functions (or the file, for constants) with a
// statement that sets a column called state.
func stateSetters(s source) []string {
	var places []string
	for name, text := range literals(s) {
		for _, statement := range updates.FindAllString(text, -1) {
			if setsState.MatchString(statement) {
				places = append(places, name)
				break
			}
		}
	}
	return places
}

// updates finds the assignments of updates and upserts, up to their where.
var updates = regexp.MustCompile(`(?is)\bupdate\s+(?:\S+\s+)?(?:as\s+\S+\s+)?set\s.*?(?:\bwhere\b|\z)`)

func TestFilesAndFunctionsAreShort(t *testing.T) {
	needed := map[string]bool{}
	for _, p := range packages(t) {
		for _, s := range parsed(t, p) {
			if n := s.set.Position(s.file.End()).Line; n > fileLines {
				t.Errorf("%s has %d lines, at most %d: split it", s.name, n, fileLines)
			}
			for name, n := range longest(s) {
				name = p.name() + "." + name
				needed[name] = true
				if longFunctions[name] == "" {
					t.Errorf("%s has %d lines, at most %d: split it", name, n, functionLines)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(longFunctions)) {
		if !needed[name] {
			t.Errorf("%s needs no exception any more", name)
		}
	}
}

// longest returns the functions that are too long, with their lines.
func longest(s source) map[string]int {
	long := map[string]int{}
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			n := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1
			if n > functionLines {
				long[functionName(f)] = n
			}
		}
	}
	return long
}

func TestFindings(t *testing.T) {
	clock := snippet(t, "package x\nimport t \"time\"\nvar now = t.Now\nfunc f(a, b t.Time) bool { return a.After(b) }\nfunc g(a t.Time) { _ = t.Since(a) }")
	if got := clockReadings(clock); !slices.Equal(got, []string{"x.go:3", "x.go:5"}) {
		t.Errorf("clock readings at %v", got)
	}
	long := "package x\nfunc (s *Store) Long() {\n" + strings.Repeat("_ = 1\n", 60) + "}\nfunc short() {\n" + strings.Repeat("_ = 1\n", 58) + "}"
	if got := longest(snippet(t, long)); len(got) != 1 || got["Store.Long"] != 62 {
		t.Errorf("long functions: %v", got)
	}
	tests := []struct {
		statement         string
		isSQL, setsAState bool
	}{
		{"update revisions set state = $1, version = version + 1 where id = $2 and state = $3", true, true},
		{"UPDATE revisions\n\tSET version = version + 1,\n\tstate = $1\n\tWHERE id = $2", true, true},
		{"insert into revisions (id, state) values ($1, $2) on conflict (id) do update set state = excluded.state", true, true},
		{"update comments set picked = $1 where state = 'approved'", true, false},
		{"update comments set restate = $1", true, false},
		{"insert into revisions (id, state) values ($1, 'pending')", true, false},
		{"delete from drafts where id = $1", true, false},
		{"select id,\n state\n from revisions", true, false},
		{"Wählen Sie eine Regel.", false, false},
		{"the selected state is set from there", false, false},
	}
	for _, tt := range tests {
		s := snippet(t, "package x\nfunc (s *Store) f() { run(`"+tt.statement+"`) }")
		if got := sql.MatchString(tt.statement); got != tt.isSQL {
			t.Errorf("%q is SQL: %v", tt.statement, got)
		}
		if got := stateSetters(s); (len(got) == 1) != tt.setsAState || tt.setsAState && got[0] != "x.go Store.f" {
			t.Errorf("%q sets a state in %v, want %v", tt.statement, got, tt.setsAState)
		}
	}
	pieces := snippet(t, "package x\nfunc f() { run(\"update revisions set \" + \"state = $1\") }")
	if got := stateSetters(pieces); len(got) != 1 {
		t.Errorf("a statement in pieces is found in %v", got)
	}
}
