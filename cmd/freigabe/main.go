// Command freigabe is reader comments for news publishers in which nothing a
// reader writes is shown to anyone before an editor has released it.
//
// Run "freigabe help" for its commands. This package holds flags, wiring and
// signals only; what the program does is in internal, and internal/moderation
// is the place to start reading.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
)

// version is set by the release build.
var version = "dev"

// Exit codes.
const (
	exitFine  = 0
	exitFail  = 1
	exitUsage = 2
)

// stdio is where a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// command is one entry of the table below.
type command struct {
	name    string
	args    string
	summary string
	example string
	run     func(args []string, io stdio) error
}

// commands is filled in init, since help refers to it.
var commands []command

func init() {
	commands = []command{
		{"demo", "[-addr 127.0.0.1:8080] [-data DIR]", "start everything with a site, articles and comments in every state", "freigabe demo", runDemo},
		{"serve", "[-db …] [-read-db …] [-addr …] [-config FILE]", "serve readers' pages, the desk and the API", "freigabe serve -db sqlite:/var/lib/freigabe/freigabe.db -addr 127.0.0.1:8080", runServe},
		{"site", "add -name N -url ORIGIN | list | show|set -site S [FILE] | policy -site S -signed WHO FILE", "add a publication, list them, change settings, publish its rules for readers", "freigabe site add -name morgenblatt -url https://www.morgenblatt.example", runSite},
		{"editor", "add|list|link|disable|enable", "add a person to the desk, list them, make a one-time link for a new password, lock out or let in", "freigabe editor add -email anna@morgenblatt.example -name 'Anna Kern' -role chief -password-stdin", runEditor},
		{"key", "add|list|revoke", "let a program in: prints the key alone, once", "freigabe key add -scope desk -editor anna@morgenblatt.example", runKey},
		{"article", "add -site S [-url U] [-json] FILE|-", "take in an article: text, HTML or Markdown; prints its id", "freigabe article add -site morgenblatt artikel.html", runArticle},
		{"assess", "[-article FILE] [-model FILE]", "assess comments from standard input, one JSON object a line", "freigabe assess -article artikel.md < kommentare.txt", plain(runAssess)},
		{"model", "train -data FILE... -out FILE | eval -model FILE -data FILE...", "train a base model on labelled comments, or measure one", "freigabe model eval -model site.model -data labelled.jsonl", plain(runModel)},
		{"migrate", "", "bring the database's schema up to date", "freigabe migrate -db postgres://freigabe@db/freigabe", runMigrate},
		{"backup", "FILE|-", "write a consistent copy of everything, while the program runs", "freigabe backup freigabe.backup", runBackup},
		{"restore", "FILE|-", "read a backup into an empty database of either kind, and check it", "freigabe restore -db postgres://freigabe@db/freigabe freigabe.backup", runRestore},
		{"export", "[-site S] [-author RECEIPT|EMAIL] [FILE]", "write articles, comments and decisions as JSON lines, or all that is kept of one author", "freigabe export -site morgenblatt comments.jsonl", runExport},
		{"erase", "-author RECEIPT|EMAIL", "erase what is kept of one author, on that person's request", "freigabe erase -author leserin@mail.example", runErase},
		{"report", "-site S [-year Y] [-format csv|json] [FILE]", "the yearly report: restrictions by rule, notices, complaints, what the machine did", "freigabe report -site morgenblatt -year 2026 bericht.csv", runReport},
		{"import", "-site S -editor EMAIL FORMAT FILE", "take in comments of another system", "freigabe import -site morgenblatt -editor anna@morgenblatt.example wordpress export.xml", runImport},
		{"score", "key|list|forget|replay|bench", "the successor of the Perspective API: what a key may do, who teaches, how well it agrees, how fast it is", "freigabe score replay -data decisions.jsonl", runScore},
		{"check", "[-head HASH]", "verify the record of decisions, every publication and every state", "freigabe check", runCheck},
	}
	commands = append(commands, command{"help", "[COMMAND]", "explain the commands", "freigabe help serve", runHelp}, command{"version", "", "print the version", "freigabe version", runVersion})
}

// errUsage says that a command's words were wrong.
type errUsage struct{ why string }

func (e errUsage) Error() string { return e.why }

func usage(format string, args ...any) error { return errUsage{fmt.Sprintf(format, args...)} }

func main() {
	os.Exit(run(os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// run carries out a command and gives the exit code. An error is one line that
// says what to do.
func run(args []string, io stdio) int {
	if len(args) == 0 {
		_ = runHelp(nil, stdio{out: io.err}) // writing to a terminal
		return exitUsage
	}
	name := strings.TrimLeft(args[0], "-")
	if name == "h" {
		name = "help"
	}
	for _, c := range commands {
		if c.name == name {
			return conclude(c, c.run(args[1:], io), io)
		}
	}
	fmt.Fprintf(io.err, "freigabe: there is no command %q; “freigabe help” lists them\n", args[0])
	return exitUsage
}

func conclude(c command, err error, io stdio) int {
	code, exits := errors.AsType[exitCode](err)
	wrong, isUsage := errors.AsType[errUsage](err)
	switch {
	case err == nil:
		return exitFine
	case exits:
		return int(code)
	case errors.Is(err, flag.ErrHelp):
		explain(io.out, c)
		return exitFine
	case isUsage:
		fmt.Fprintf(io.err, "freigabe %s: %s; usage: freigabe %s %s\n", c.name, oneLine(wrong.why), c.name, c.args)
		return exitUsage
	}
	fmt.Fprintf(io.err, "freigabe %s: %s\n", c.name, oneLine(words(err)))
	return exitFail
}

// exitCode is the outcome of a command that has said everything itself.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// words gives an error in the words of the catalogue where it is one that a
// person can act on.
func words(err error) string {
	if e, ok := errors.AsType[*moderation.Error](err); ok && locale.Has(e.Key) {
		return locale.T("en", e.Key, e.Args...)
	}
	return err.Error()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func runHelp(args []string, io stdio) error {
	if len(args) > 0 {
		for _, c := range commands {
			if c.name == args[0] {
				explain(io.out, c)
				return nil
			}
		}
		return usage("there is no command %q", args[0])
	}
	fmt.Fprint(io.out, "freigabe: reader comments that appear only after an editor released them\n\n")
	for _, c := range commands {
		fmt.Fprintf(io.out, "  %-8s %s\n           %s\n", c.name, c.summary, c.example)
	}
	fmt.Fprint(io.out, "\nEvery command that needs the database takes -db (or FREIGABE_DB): sqlite:PATH or postgres://….\n“freigabe help COMMAND” explains one of them.\n")
	return nil
}

func explain(w io.Writer, c command) {
	fmt.Fprintf(w, "freigabe %s %s\n  %s\n  example: %s\n", c.name, c.args, c.summary, c.example)
	if fs := flagsOf[c.name]; fs != nil {
		set := fs()
		set.SetOutput(w)
		set.PrintDefaults()
	}
}

// plain fits a command that says everything itself and gives its exit code.
func plain(do func(args []string, in io.Reader, out, errOut io.Writer) int) func([]string, stdio) error {
	return func(args []string, io stdio) error {
		if code := do(args, io.in, io.out, io.err); code != exitFine {
			return exitCode(code)
		}
		return nil
	}
}

func runVersion(_ []string, io stdio) error {
	_, err := fmt.Fprintln(io.out, version)
	return err
}
