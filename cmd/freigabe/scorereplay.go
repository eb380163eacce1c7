package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/perspective"
)

// decided is a comment of the data with the verdict of the desk it comes from.
type decided struct {
	text    string
	refused bool
}

// runReplay plays decided comments through suggestscore as another desk would
// send them, and prints how well the scores agree with that desk before and
// after it taught. It runs the server that -only score serves, on a database of
// its own that it throws away.
func runReplay(args []string, out stdio) error {
	fs := flagSet("score replay")
	data := fs.String("data", "", "JSONL in order of time: text and label (1: refused), or body, headline and status (deleted: refused)")
	after := fs.String("after", "0,300,1000,3000", "numbers of decisions after which agreement is measured")
	if err := parse(fs, args); err != nil {
		return err
	}
	marks, err := numbers(*after)
	if err != nil || *data == "" {
		return usage("give -data, and -after as numbers separated by commas")
	}
	rows, err := readDecided(*data)
	if err != nil {
		return err
	}
	last := marks[len(marks)-1]
	if len(rows) < last+100 {
		return fmt.Errorf("%s holds %d comments: too few to measure after %d decisions", filepath.Base(*data), len(rows), last)
	}
	return onScoreNode(func(ctx context.Context, n *node, address, key string) error {
		c := scoreClient{address: address, key: key}
		test, done := rows[last:], 0
		fmt.Fprintf(out.out, "measured on the %d comments after decision %d, which no model has seen; %s\n", len(test), last, shareRefused(test))
		for _, mark := range marks {
			for ; done < mark; done++ {
				if err := c.suggest(ctx, done, rows[done]); err != nil {
					return err
				}
			}
			n.finish()
			if err := c.measure(ctx, mark, test, out.out); err != nil {
				return err
			}
		}
		return nil
	})
}

// onScoreNode runs a scoring node on a temporary database for as long as do takes.
func onScoreNode(do func(ctx context.Context, n *node, address, key string) error) error {
	dir, err := os.MkdirTemp("", "freigabe-score-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	set := &settings{db: "sqlite:" + filepath.Join(dir, "freigabe.db"), addr: "127.0.0.1:0", only: "score", limits: "off", logLevel: "error"}
	n, err := newNode(ctx, set, os.Stderr)
	if err != nil {
		return err
	}
	policy := perspective.Policy{Learn: true}
	_, key, err := n.store.AddKey(ctx, store.Key{Scope: "score", Settings: policy.Encode()})
	if err != nil {
		return errors.Join(err, n.store.Close(), n.listen.Close())
	}
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- n.serve(ctx, func(addr string) { ready <- addr }) }()
	err = do(ctx, n, "http://"+<-ready, key)
	cancel()
	return errors.Join(err, <-ended)
}

// scoreClient speaks to a scoring server as another comment system does.
type scoreClient struct{ address, key string }

type object = map[string]any

func (c scoreClient) post(ctx context.Context, method string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode a request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address+"/v1alpha1/comments:"+method+"?key="+c.key, bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return statusError(res.StatusCode)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// statusError is an answer that was refused.
type statusError int

func (s statusError) Error() string { return "the server answered with status " + strconv.Itoa(int(s)) }

// skipped: a text that is empty or of another language has no score; a desk's
// client would go on as well.
func skipped(err error) bool {
	s, refused := errors.AsType[statusError](err)
	return refused && s == http.StatusBadRequest
}

func (c scoreClient) suggest(ctx context.Context, number int, d decided) error {
	value := 0
	if d.refused {
		value = 1
	}
	err := c.post(ctx, "suggestscore", object{"comment": object{"text": d.text}, "communityId": "replay", "clientToken": "comment:" + strconv.Itoa(number),
		"attributeScores": object{"LIKELY_TO_REJECT": object{"summaryScore": object{"value": value}}}}, nil)
	if skipped(err) {
		return nil
	}
	return err
}

// measure asks for the scores of comments that nobody suggested anything of.
func (c scoreClient) measure(ctx context.Context, mark int, test []decided, out io.Writer) error {
	var scores []float64
	var refused []bool
	version, start := "", time.Now()
	for _, d := range test {
		var answer struct {
			Scores map[string]struct {
				Summary struct{ Value float64 } `json:"summaryScore"`
			} `json:"attributeScores"`
			Version string `json:"modelVersion"`
		}
		err := c.post(ctx, "analyze", object{"comment": object{"text": d.text}, "communityId": "replay", "doNotStore": true, "requestedAttributes": object{"LIKELY_TO_REJECT": object{}}}, &answer)
		if skipped(err) {
			continue
		}
		if err != nil {
			return err
		}
		scores, refused, version = append(scores, answer.Scores["LIKELY_TO_REJECT"].Summary.Value), append(refused, d.refused), answer.Version
	}
	auc := learn.AUC(scores, refused)
	if math.IsNaN(auc) {
		return errors.New("the comments measured on were all released or all refused")
	}
	_, err := fmt.Fprintf(out, "after %5d decisions: AUC %.3f, precision in the top 10 %% %.2f (%d scored in %s, model %s)\n",
		mark, auc, topPrecision(scores, refused), len(scores), time.Since(start).Round(10*time.Millisecond), version)
	return err
}

// topPrecision is the share of refused comments in the highest-scored tenth.
func topPrecision(scores []float64, refused []bool) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	n, hits := max(1, len(order)/10), 0
	for _, i := range order[:n] {
		if refused[i] {
			hits++
		}
	}
	return float64(hits) / float64(n)
}

func shareRefused(rows []decided) string {
	n := 0
	for _, d := range rows {
		if d.refused {
			n++
		}
	}
	return fmt.Sprintf("%.1f %% of them were refused", 100*float64(n)/float64(len(rows)))
}

func numbers(list string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 0 || len(out) > 0 && n <= out[len(out)-1] {
			return nil, fmt.Errorf("%q is not a growing list of numbers", list)
		}
		out = append(out, n)
	}
	return out, nil
}

// maxLine bounds a line of the data.
const maxLine = 1 << 20

func readDecided(name string) ([]decided, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read data: %w", err)
	}
	defer file.Close()
	var rows []decided
	scan := bufio.NewScanner(file)
	scan.Buffer(nil, maxLine)
	for line := 1; scan.Scan(); line++ {
		var row struct {
			Text, Headline, Body, Status string
			Label                        *int
		}
		if err := json.Unmarshal(scan.Bytes(), &row); err != nil || row.Label == nil && row.Status == "" {
			return nil, fmt.Errorf("read data %s: line %d has no text with a label or status", filepath.Base(name), line)
		}
		text := row.Text
		if text == "" {
			text = strings.TrimSpace(row.Headline + "\n" + row.Body)
		}
		rows = append(rows, decided{text, row.Label != nil && *row.Label == 1 || row.Status == "deleted" || row.Status == "rejected"})
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("read data %s: %w", filepath.Base(name), err)
	}
	return rows, nil
}
