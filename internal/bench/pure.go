package main

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/freigabe/freigabe/frontend"
	"github.com/freigabe/freigabe/internal/assess"
)

// vocabulary makes texts with the letters and lengths of German.
var vocabulary = strings.Fields(`die der das Brücke Stadtrat Sanierung kommt spät aber immerhin wer morgens über den Damm fährt weiß
	wie lange man dort steht ich hätte mir gewünscht dass zuerst Umleitung geplant wird und dann Sperrung beschlossen warum
	eigentlich niemand fragt was Anwohnerinnen Anwohner davon halten zwei Millionen Euro sind viel Geld für ein Stück Asphalt
	Lügner Unsinn lächerlich danke guter Artikel endlich jemand der es ausspricht Kommune Haushalt Verkehr Fähre Fußgänger`)

func sample(r *rand.Rand, characters int) string {
	var b strings.Builder
	for b.Len() < characters {
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
		b.WriteByte(' ')
	}
	return b.String()
}

// processor is the time that this process has spent on its processors.
func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// assessment measures all rules on texts of 200 characters.
func (b *bench) assessment(context.Context) error {
	model, r := assess.Default(), rand.New(rand.NewPCG(1, 1))
	texts := make([]string, 500)
	for i := range texts {
		texts[i] = sample(r, 200)
	}
	article := &assess.Article{Headline: "Die Brücke wird saniert", Lede: sample(r, 200), Body: sample(r, 3000)}
	const n = 5000
	relation := model.Relate(*article, nil) // once for each article, as the program does
	judge := func(n int) time.Duration {
		begun := processor()
		for i := range n {
			model.Assess(assess.Input{Text: texts[i%len(texts)], Article: article, Relation: relation})
		}
		return processor() - begun
	}
	judge(200)
	took := judge(n)
	b.atMost("assessment, all rules, 200 characters, processor time", float64(took.Microseconds())/n, "µs", 100, "mean of %d", n)
	return nil
}

// training measures the training of a model on 20,000 decisions and its size.
func (b *bench) training(context.Context) error {
	r := rand.New(rand.NewPCG(2, 2))
	rows := make([]assess.Row, 20000)
	for i := range rows {
		rows[i] = assess.Row{Text: sample(r, 200), Label: r.IntN(4) == 0}
	}
	begun, busy := time.Now(), processor()
	_, file, err := assess.Train(rows, assess.NeutralNames)
	if err != nil {
		return err
	}
	b.atMost("training on 20,000 decisions", time.Since(begun).Seconds(), "s", 5, "%.1f s of processor time", (processor() - busy).Seconds())
	b.atMost("the model's file", float64(len(file))/(1<<20), "MiB", 10, "")
	return nil
}

// sizes measures what a reader and an editor have to load.
func (b *bench) sizes(context.Context) error {
	for _, of := range []struct {
		what  string
		files []string
		limit float64
	}{
		{"reader's section: script and style, brotli", []string{"embed.js", "embed.css"}, 6},
		{"triage screen: script and style, brotli", []string{"desk.js", "desk.css"}, 12},
	} {
		total, notes := 0, []string{}
		for _, name := range of.files {
			content, err := fs.ReadFile(frontend.Static(), name)
			if err != nil {
				return err
			}
			var packed strings.Builder
			w := brotli.NewWriterLevel(&packed, brotli.BestCompression)
			if _, err := w.Write(content); err != nil {
				return err
			}
			if err := w.Close(); err != nil {
				return err
			}
			total += packed.Len()
			notes = append(notes, fmt.Sprintf("%s %d", name, packed.Len()))
		}
		b.atMost(of.what, float64(total)/1000, "kB", of.limit, "%s", strings.Join(notes, ", "))
	}
	return nil
}
