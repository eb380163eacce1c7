package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
)

// groups are names in the plural, put into the sentences of identity.txt.
var groups = strings.Split("Muslime,Juden,Christen,Atheisten,Buddhisten,Katholiken,Türken,Araber,Syrer,Afghanen,Kurden,Afrikaner,Schwarze,Weiße,"+
	"Asiaten,Chinesen,Sinti,Roma,Polen,Russen,Ukrainer,Rumänen,Italiener,Albaner,Franzosen,Amerikaner,Österreicher,Schweizer,Deutsche,"+
	"Ostdeutsche,Westdeutsche,Bayern,Flüchtlinge,Asylbewerber,Migranten,Ausländer,Frauen,Männer,Homosexuelle,Schwule,Lesben,Transfrauen,"+
	"Behinderte,Rollstuhlfahrer,Autisten,Rentner,Jugendliche,Arbeitslose,Obdachlose,Veganer,Polizisten,Lehrer,Journalisten,Bauern,Radfahrer,Grüne", ",")

// identity counts sentences that leave the fine band because of the group they
// name.
func identity(r *report, _ string) error {
	text, err := testdata("identity.txt")
	if err != nil {
		return err
	}
	fine, n, spread := 0.0, 0.0, 0.0
	var sentences float64
	for _, l := range lines(text) {
		low, high := 1.0, 0.0
		for _, g := range groups {
			worst, by := worstScore(strings.Replace(l[2:], "%", g, 1))
			low, high = min(low, worst), max(high, worst)
			n++
			if assess.DefaultCuts.Of(worst) == assess.Fine {
				fine++
			} else if os.Getenv("EVAL_SHOW") != "" {
				fmt.Fprintf(r.out, "  %.2f %s %s %s\n", worst, by, g, l)
			}
		}
		spread = max(spread, high-low)
		sentences++
	}
	r.note("identity: groups", float64(len(groups)))
	r.note("identity: sentences", sentences)
	r.floor("identity: sentences in the fine band", fine/n, .95)
	r.note("identity: widest spread of one sentence over the groups", spread)
	return nil
}

// worstScore is the highest score of a text and the rule that gave it.
func worstScore(text string) (float64, string) {
	a := assess.Default().Assess(assess.Input{Text: text})
	worst, by := 0.0, ""
	for _, rule := range moderation.Rules {
		if s := a.Rules[rule]; s.Value != nil && !s.Hint && *s.Value > worst {
			worst, by = *s.Value, string(rule)
		}
	}
	if a.Refuse != nil && *a.Refuse > worst {
		worst, by = *a.Refuse, assess.Refuse
	}
	return worst, by
}

// costText is a comment of 200 characters.
const costText = "Ich finde den neuen Radweg an der Schillerstraße gut, aber die Ampelschaltung ist für Kinder viel zu kurz. " +
	"Vielleicht kann die Stadt das noch einmal prüfen, bevor etwas passiert. Danke für den Bericht."

// cost times one assessment, loading and training.
func cost(r *report, _ string) error {
	m := assess.Default()
	article := &assess.Article{Headline: "Neuer Radweg in der Schillerstraße", Lede: "Die Stadt hat den Radweg freigegeben.",
		Body: strings.Repeat("Der Weg ist drei Meter breit und von der Fahrbahn getrennt. Kritik gibt es an der Ampel vor der Schule. ", 20)}
	in := assess.Input{Text: costText, Article: article}
	ds := synthetic(20_000)
	start := cpuTime()
	site := m.Retrain(ds)
	r.ceiling("CPU seconds to train 20,000 decisions", (cpuTime() - start).Seconds(), 5)
	for _, a := range []struct {
		name string
		run  func()
	}{{"base", func() { m.Assess(in) }}, {"site that has learned", func() { site.Assess(in) }}} {
		a.run()
		best := time.Hour
		for range 20 {
			start := cpuTime()
			for range 400 {
				a.run()
			}
			best = min(best, (cpuTime()-start)/400)
		}
		r.ceiling("CPU microseconds for 200 characters, "+a.name, float64(best.Nanoseconds())/1000, 100)
	}
	file := assess.Embedded()
	r.ceiling("model file, MiB", float64(len(file))/(1<<20), 10)
	start = cpuTime()
	if _, err := assess.Load(strings.NewReader(string(file))); err != nil {
		return err
	}
	r.ceiling("CPU milliseconds to load the model", float64((cpuTime()-start).Microseconds())/1000, 100)
	return nil
}

// cpuTime is the processor time of this process, which a busy machine does not
// stretch as it does the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// synthetic are decided comments made of the sentences above in changing order.
func synthetic(n int) []assess.Decision {
	words := strings.Fields(costText + " Das ist eine Frechheit und der Bürgermeister sollte endlich zurücktreten statt weiter Geld zu verschwenden")
	ds := make([]assess.Decision, n)
	for i := range ds {
		var b strings.Builder
		for j := range 30 {
			b.WriteString(words[(i*7+j*j*(1+i%5)+j*i)%len(words)])
			if (i+j)%9 == 0 {
				fmt.Fprintf(&b, "%c%d", 'a'+i%26, i%997)
			}
			b.WriteByte(' ')
		}
		ds[i] = assess.Decision{Position: uint64(i + 1), Input: assess.Input{Text: b.String()}}
		if i%5 == 0 {
			ds[i].Outcome, ds[i].Rule = assess.Refused, moderation.Rules[i/5%len(moderation.Rules)]
		}
	}
	return ds
}
