package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/desk"
)

// The page about a neighbour in a real browser: readable by everyone, in both
// languages, with no error and nothing from elsewhere.
func TestNeighbourPageInABrowser(t *testing.T) {
	n, address := alone(t, t.TempDir())
	hash, err := desk.HashPassword("ein gutes Wort")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.store.AddEditor(t.Context(), store.Editor{Email: "chef@blatt.example", Name: "Ruth Amann", Role: moderation.Chief, Password: hash}); err != nil {
		t.Fatal(err)
	}
	var c store.Community
	for i := range 120 {
		v, base := 0.5+0.4*math.Sin(float64(i)), 0.5+0.3*math.Cos(float64(i))
		in := store.Suggestion{Ref: fmt.Sprint("comment:", i), Comment: "Text", Refused: v > 0.6, Scored: &v, Base: &base, Version: "base"}
		if c, _, err = n.store.Suggest(t.Context(), "", "Coral:kommentare.blatt.example", "k", in); err != nil {
			t.Fatal(err)
		}
	}
	tab := browser.New(t)
	tab.Open(address + "/desk/login")
	tab.Do(chromedp.SendKeys(`input[name=email]`, "chef@blatt.example"), chromedp.SendKeys(`input[name=password]`, "ein gutes Wort\r"))
	tab.WaitFor(`location.pathname === "/desk/neighbours"`)
	for _, page := range []string{"/desk/neighbours", "/desk/neighbours?lang=en", "/desk/neighbours/" + c.ID, "/desk/neighbours/" + c.ID + "?lang=en"} {
		tab.Open(address + page)
		for _, v := range tab.Violations() {
			t.Errorf("%s: %v", page, v)
		}
		if raw := browser.Eval[bool](tab, `/score\.[a-z]+\.|rules\.|%!|\{[a-z]+\}|NaN/.test(document.body.innerText)`); raw {
			t.Errorf("%s shows a key or a gap", page)
		}
		if dir := os.Getenv("FREIGABE_SCREENSHOTS"); dir != "" {
			tab.Screenshot(filepath.Join(dir, fmt.Sprintf("score-%d.png", len(page))))
		}
	}
	if rows := browser.Eval[int](tab, `document.querySelectorAll("tbody tr").length`); rows != 1+1+3 {
		t.Errorf("%d rows: a week, the whole, three bands", rows)
	}
	for _, e := range tab.Errors() {
		t.Error(e)
	}
	if foreign := tab.Foreign(); len(foreign) > 0 {
		t.Errorf("asked elsewhere: %v", foreign)
	}
}
