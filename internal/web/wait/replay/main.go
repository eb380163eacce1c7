// Command replay asks what the waiting time that readers are promised is worth:
// the arrivals of a real forum are played to a desk with given shifts and pace,
// each author is promised a range from what was known at that moment, and then it
// is looked up when the desk decided.
//
//	go run ./internal/web/wait/replay -data DIR
//
// DIR holds posts.jsonl with created_at and status; nothing else of it is read.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/wait"
)

// The desk, fixed before any result was looked at. The forum's arrivals by hour
// of the day were known (most from 8 to 22 o'clock), nothing of any wait.
//
// A regional newspaper's desk: an early, a late and, on working days, a middle
// shift, one person each, and one person over the day at weekends. People at a
// desk do other work beside the comments: of the 18.5 seconds a comment that
// newsrooms report, a quarter of the hour is left for them, 30 comments an hour
// (rounded down from 130/4). The times for a comment scatter as reading times do
// (lognormal). Four of five times the oldest comment is taken, else another one,
// for editors have several orders and articles of their own. Nobody takes longer
// than ten minutes' break after an hour's work; one shift in ten fails, and the
// model is not told. With an empty queue somebody looks in every six minutes.
var shifts = []wait.Shift{
	{Days: []int{1, 2, 3, 4, 5}, From: "06:00", To: "14:00", Editors: 1},
	{Days: []int{1, 2, 3, 4, 5}, From: "09:00", To: "17:00", Editors: 1},
	{Days: []int{1, 2, 3, 4, 5}, From: "14:00", To: "22:00", Editors: 1},
	{Days: []int{0, 6}, From: "08:00", To: "20:00", Editors: 1},
}

const (
	pace        = 30.0 // decisions of one editor in an hour
	scatter     = 0.8  // of the logarithm of the time for one
	oldestFirst = 0.8
	failing     = 0.1 // of the shifts
	lookIn      = 6 * time.Minute
	pause       = 10 * time.Minute
)

func main() {
	data := flag.String("data", "", "folder with posts.jsonl")
	runs := flag.Int("runs", 20, "desks with other chances of the day")
	flag.Parse()
	if err := run(os.Stdout, *data, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

// arrival is a comment: when it came, when the desk decided it, and whether the
// forum kept it.
type arrival struct {
	at, decided time.Time
	released    bool
}

func read(path string) ([]arrival, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: -data names the folder that holds posts.jsonl", err)
	}
	defer f.Close()
	var out []arrival
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var x struct {
			At     string `json:"created_at"`
			Status string
		}
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		at, err := time.ParseInLocation("2006-01-02 15:04:05", x.At[:19], locale.Berlin)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, arrival{at: at, released: x.Status == "online"})
	}
	slices.SortStableFunc(out, func(a, b arrival) int { return a.at.Compare(b.at) })
	return out, lines.Err()
}

func run(out io.Writer, data string, runs int) error {
	arrivals, err := read(filepath.Join(data, "posts.jsonl"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d arrivals from %s to %s; the first %d are only learned from. Aim: 80 to 90 %% of the releases inside, interval score at most 0.80 of a constant range's.\n\n",
		len(arrivals), arrivals[0].at.Format(time.DateOnly), arrivals[len(arrivals)-1].at.Format(time.DateOnly), warmUp)
	fmt.Fprintln(out, "pace    desks  releases   inside (least, most)     median width    interval score   constant range: inside   width   score   ratio (worst)   against a constant range in shifts")
	for _, p := range []float64{pace, 15, 60, 130} {
		var all tally
		least, most, worst := 1.0, 0.0, 0.0
		for seed := range runs {
			t := replay(arrivals, p, uint64(seed))
			all.add(t)
			least, most, worst = min(least, t.promised.inside()), max(most, t.promised.inside()), max(worst, t.promised.score/t.constant.score)
		}
		note := ""
		if p == pace {
			note = "  <- the desk fixed beforehand"
		}
		fmt.Fprintf(out, "%4.0f/h  %5d  %8d   %5.1f %% (%4.1f, %4.1f)  %12s   %11.2f h   %18.1f %%  %8s  %5.2f h   %.2f (%.2f)   %15.2f%s\n", p, runs, all.promised.n,
			100*all.promised.inside(), 100*least, 100*most, all.promised.width(), all.promised.mean(), 100*all.constant.inside(), all.constant.width(), all.constant.mean(),
			all.promised.score/all.constant.score, worst, all.promised.score/all.shifted.score, note)
	}
	return nil
}

// site is the newspaper as the model sees it.
func site() store.Site {
	text, err := json.Marshal(wait.Staffing{Shifts: shifts})
	if err != nil {
		panic(err) // four constants
	}
	return store.Site{Settings: store.Settings{Extra: store.Extra{wait.Part: text}}}
}
