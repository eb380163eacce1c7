package reader_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/store"
)

// An author reads on the receipt's page what was decided about the author and why,
// and objects there. The desk's own notes stay inside.
func TestReceiptTellsOfMeasures(t *testing.T) {
	p := newPaper(t)
	ctx := context.Background()
	posted, err := p.Submit(ctx, store.Submission{Article: p.Article.ID, Name: "Karin", Text: "Guten Tag.", Sender: store.Sender{Now: "k", Before: "k"}, Proof: store.Proof{Kind: "account", Subject: "u1"}})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := p.Receipt(ctx, posted.Token)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []store.Measure{{Kind: store.MeasureNote, Reason: "Interner Vermerk."}, {Kind: store.MeasureWarning, Reason: "Zweimal sehr scharf im Ton."}} {
		m.Author, m.Editor = rec.Author, p.Anna.ID
		if _, err := p.AddMeasure(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	at := "/receipts/" + posted.Token
	_, body := p.get(at)
	page := text(parse(t, body))
	for _, want := range []string{"Verwarnung", "Zweimal sehr scharf im Ton.", "Schreiben Sie uns, warum"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q on the page: %s", want, page)
		}
	}
	if strings.Contains(page, "Interner Vermerk.") {
		t.Error("the author reads the desk's note")
	}
	all, err := p.Measures(ctx, rec.Author)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		want := map[string]int{store.MeasureNote: 404, store.MeasureWarning: 303}[m.Kind]
		if res, _ := p.post(at, url.Values{"step": {"object"}, "measure": {m.ID}, "text": {"Das war ein Zitat."}}); res.StatusCode != want {
			t.Errorf("objecting to a %s: %d, want %d", m.Kind, res.StatusCode, want)
		}
	}
	other := p.submit("Mira", "Auch guten Tag.")
	if res, _ := p.post(other, url.Values{"step": {"object"}, "measure": {all[0].ID}, "text": {"Ich auch."}}); res.StatusCode != 404 {
		t.Errorf("objecting for somebody else: %d", res.StatusCode)
	}
	if _, body := p.get(at); !strings.Contains(text(parse(t, body)), "Das war ein Zitat.") {
		t.Error("the objection is not shown")
	}
	if open, err := p.Objections(ctx, store.AtSite(p.Site.ID), 10); err != nil || len(open) != 1 {
		t.Errorf("%v %v", open, err)
	}
}
