// Command replay shows on real comments what the bound of package bound is worth:
// how often a range that is offered does not keep its promise, how often ranges
// are offered at all and how large they are; and on a stream in time order how
// large the miss is and whether the watch closes the bundles.
//
//	go run ./internal/web/desk/bound/replay -data DIR
//
// DIR holds rp-mod/train.jsonl (text, label) and omp/posts.jsonl (headline, body,
// status, created_at). Scores come from the base that ships, frozen, on the text
// alone, exactly as the desk takes them.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/web/desk/bound"
)

func main() {
	data := flag.String("data", "", "folder with rp-mod and omp")
	draws := flag.Int("draws", 1000, "shuffled draws of each row")
	seed := flag.Uint64("seed", 1, "of the random numbers")
	flag.Parse()
	if err := run(os.Stdout, *data, *draws, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, data string, draws int, seed uint64) error {
	model := assess.Default()
	rp, err := read(model, filepath.Join(data, "rp-mod", "train.jsonl"))
	if err != nil {
		return err
	}
	omp, err := read(model, filepath.Join(data, "omp", "posts.jsonl"))
	if err != nil {
		return err
	}
	slices.SortStableFunc(omp, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	fmt.Fprintf(out, "Frozen model %s. RP-Mod: %d comments fit for a bundle, %d refused. OMP: %d, %d deleted.\n", model.Version(), len(rp), refused(rp), len(omp), refused(omp))
	// The natural shares of the sources: 8.4 % of the newspaper's comments were
	// rejected, 6 % of the forum's posts deleted (14.7 % of those annotated).
	sets := []set{{"RP-Mod", rp, []float64{0.084, 0.02, 0.01}}, {"OMP", omp, []float64{0.147, 0.06, 0.02, 0.01}}}
	shuffled(out, sets, draws, seed)
	again(out, sets, draws/5, seed)
	inOrder(out, omp, rp, draws/10, seed)
	return nil
}

// row is a comment fit for a bundle: its score, and what its newspaper did.
type row struct {
	bound.Label
	at string // sorts as time does
}

func read(model *assess.Model, path string) ([]row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: -data names the folder that holds rp-mod and omp", err)
	}
	defer f.Close()
	var out []row
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var x struct {
			Text, Headline, Body, Status string
			Label                        int
			At                           string `json:"created_at"`
		}
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if x.Text == "" {
			x.Text = x.Headline + "\n" + x.Body
		}
		a := model.Assess(assess.Input{Text: x.Text, Site: assess.Settings{Language: "de"}})
		if a.Refuse != nil && len(a.Flags) == 0 {
			out = append(out, row{bound.Label{Score: int(*a.Refuse * 100), Refused: x.Label == 1 || x.Status == "deleted"}, x.At})
		}
	}
	return out, lines.Err()
}

func refused(rows []row) int {
	n := 0
	for _, r := range rows {
		if r.Refused {
			n++
		}
	}
	return n
}
