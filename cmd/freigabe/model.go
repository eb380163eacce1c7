package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/freigabe/freigabe/internal/assess"
)

const modelUsage = `usage: freigabe model train [-rule RULE,...] [-names keep|neutral] -data FILE... -out FILE
       freigabe model eval -model FILE [-rule RULE] -data FILE...`

// runModel trains a base model or measures one. Exit codes: 0 fine, 1 failed,
// 2 wrong usage.
func runModel(args []string, _ io.Reader, out, errOut io.Writer) int {
	if len(args) == 0 {
		return report(usageError("say train or eval"), "model", modelUsage, errOut)
	}
	if h := strings.TrimLeft(args[0], "-"); h == "h" || h == "help" {
		fmt.Fprintln(out, modelUsage)
		return 0
	}
	f, err := modelFlags(args[1:])
	if err == nil {
		switch args[0] {
		case "train":
			err = f.train(out)
		case "eval":
			err = f.eval(out)
		default:
			err = usageError("unknown step " + args[0] + ": want train or eval")
		}
	}
	return report(err, "model", modelUsage, errOut)
}

// usageError is a mistake in the arguments.
type usageError string

func (e usageError) Error() string { return string(e) }

// report prints an error on one line and returns the exit code.
func report(err error, command, usage string, errOut io.Writer) int {
	var wrong usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(errOut, "freigabe %s: %s; %s\n", command, wrong, strings.TrimPrefix(strings.Split(usage, "\n")[0], "usage: "))
		return 2
	}
	fmt.Fprintf(errOut, "freigabe %s: %s\n", command, strings.ReplaceAll(err.Error(), "\n", " "))
	return 1
}

type modelArgs struct {
	data       []string
	out, model string
	rules      []string
	names      assess.Names
}

// modelFlags reads the arguments by hand, because -data may be followed by
// several files.
func modelFlags(args []string) (f modelArgs, err error) {
	name := ""
	for _, a := range args {
		if strings.HasPrefix(a, "-") && len(a) > 1 {
			key, value, given := strings.Cut(strings.TrimLeft(a, "-"), "=")
			name = key
			if !given {
				continue
			}
			a = value
		}
		switch name {
		case "data":
			f.data = append(f.data, a)
			continue
		case "out":
			f.out = a
		case "model":
			f.model = a
		case "names":
			if a != "keep" && a != "neutral" {
				return f, usageError("-names takes keep or neutral")
			}
			f.names = a == "neutral"
		case "rule":
			f.rules = append(f.rules, strings.Split(a, ",")...)
		default:
			return f, usageError("unknown argument " + a)
		}
		name = ""
	}
	if name != "" && name != "data" {
		return f, usageError("-" + name + " needs a value, or is unknown")
	}
	for _, r := range f.rules {
		if r == "" || !assess.KnownHead(r) {
			return f, usageError("unknown rule " + r)
		}
	}
	if len(f.data) == 0 {
		return f, usageError("no -data given")
	}
	return f, nil
}

func (f *modelArgs) rows() ([]assess.Row, error) {
	var rows []assess.Row
	for _, name := range f.data {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read data: %w", err)
		}
		part, err := assess.ReadRows(file, f.rules...)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("read data %s: %w", filepath.Base(name), err)
		}
		rows = append(rows, part...)
	}
	if len(rows) == 0 {
		return nil, errors.New("the data hold no rows")
	}
	return rows, nil
}

func (f *modelArgs) train(out io.Writer) error {
	if f.out == "" {
		return usageError("no -out given")
	}
	rows, err := f.rows()
	if err != nil {
		return err
	}
	m, data, err := assess.Train(rows, f.names)
	if err != nil {
		return err
	}
	if err := writeWhole(f.out, data); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	fmt.Fprintf(out, "%s: %d rows, %d bytes\n", m.Version(), len(rows), len(data))
	return nil
}

// writeWhole replaces a file at once, so that a broken run leaves the old one.
func writeWhole(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".model-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

// loadModel reads a model file, or the embedded base where none is named.
func loadModel(name string) (*assess.Model, error) {
	if name == "" {
		return assess.Default(), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	defer file.Close()
	return assess.Load(file)
}

func (f *modelArgs) eval(out io.Writer) error {
	if f.model == "" {
		return usageError("no -model given")
	}
	m, err := loadModel(f.model)
	if err != nil {
		return err
	}
	rows, err := f.rows()
	if err != nil {
		return err
	}
	heads, err := assess.Measure(m, rows)
	if err != nil {
		return err
	}
	for _, h := range heads {
		printMeasure(out, h)
	}
	return nil
}

func printMeasure(out io.Writer, h assess.Measured) {
	fmt.Fprintf(out, "rule %s, %d rows, %d breaches, model %s\n", h.Rule, h.Rows, h.Positive, h.Version)
	fmt.Fprintf(out, "macro-F1 %.3f\n", h.MacroF1)
	if math.IsNaN(h.AUC) {
		fmt.Fprintln(out, "AUC not defined: only one label in the data")
	} else {
		fmt.Fprintf(out, "AUC %.3f\n", h.AUC)
	}
	fmt.Fprintf(out, "calibration: Brier %.3f, expected error %.3f\n", h.Brier, h.ECE)
	for _, b := range h.Bands {
		fmt.Fprintf(out, "band %-8s %5d rows, precision %.3f (%.3f to %.3f)\n", b.Name, b.Rows, b.Precision, b.Low, b.High)
	}
}
