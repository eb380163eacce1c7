// Command eval measures the assessment and prints each figure beside its target.
//
// The sets that only a data folder holds (see docs/assessment.md for what they
// are and their licences) are measured by cross-validation on their own training
// part; the project's own sets lie in the repository's testdata.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// report collects the figures in the order in which they were measured.
type report struct {
	out    io.Writer
	figure string // part of a figure's name; "" for all
	missed int
}

// wants reports that a figure was asked for, for those that take minutes.
func (r *report) wants(name string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(r.figure))
}

// floor prints a figure that should be at least its target.
func (r *report) floor(name string, got, target float64) {
	r.line(name, got, target, got >= target, ">=")
}

// ceiling prints a figure that should be at most its target.
func (r *report) ceiling(name string, got, target float64) {
	r.line(name, got, target, got <= target, "<=")
}

func (r *report) line(name string, got, target float64, ok bool, sign string) {
	if !r.wants(name) {
		return
	}
	verdict := "reached"
	if !ok {
		verdict = "MISSED"
		r.missed++
	}
	fmt.Fprintf(r.out, "%-70s %9.3f   %s %-8.3f %s\n", name, got, sign, target, verdict)
}

// note prints a figure without a target.
func (r *report) note(name string, got float64) {
	if !r.wants(name) {
		return
	}
	fmt.Fprintf(r.out, "%-70s %9.3f\n", name, got)
}

type section struct {
	name string
	data bool // needs the data folder
	run  func(*report, string) error
}

var sections = []section{
	{"learned", true, learned}, {"loop", true, loop}, {"history", true, history}, {"attacks", true, attacks}, {"traps", true, falseAlarms},
	{"insinuation", false, insinuation}, {"advertising", false, advertising}, {"digression", false, digression},
	{"newspaper", false, newspapers}, {"identity", false, identity}, {"cost", false, cost},
}

// names lists the sections.
func names() string {
	var all []string
	for _, s := range sections {
		all = append(all, s.name)
	}
	return strings.Join(all, ", ")
}

func run(args []string, out, errOut io.Writer) int {
	fs := flag.NewFlagSet("eval", flag.ContinueOnError)
	fs.SetOutput(errOut)
	data := fs.String("data", "", "folder with germeval2018, gahd, rp-mod, germeval2026-def and omp; without it only the project's own sets")
	only := fs.String("only", "", "sections to run, separated by commas: "+names())
	figure := fs.String("figure", "", "print only figures whose name holds this, and measure no set in vain")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	r := &report{out: out, figure: *figure}
	for _, s := range sections {
		if *only != "" && !strings.Contains(","+*only+",", ","+s.name+",") || s.data && *data == "" {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", s.name)
		if err := s.run(r, *data); err != nil {
			fmt.Fprintf(errOut, "eval %s: %v\n", s.name, err)
			return 1
		}
	}
	fmt.Fprintf(out, "\n%d figures missed their target\n", r.missed)
	return 0
}
