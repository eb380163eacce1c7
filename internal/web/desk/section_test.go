package desk

import (
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/net/html"
)

// A chief says what the section offers; what other parts keep of the readers'
// settings stays; an editor sees it and changes nothing.
func TestChiefSetsWhatTheSectionOffers(t *testing.T) {
	h := sqliteRoom(t)
	set := h.Site.Settings
	set.Extra = store.Extra{"reader": []byte(`{"reserved_names":["Stadtwerke"]}`)}
	if err := h.SaveSettings(t.Context(), h.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	at := "/desk/section?site=" + h.Site.ID
	wish := url.Values{"reaction": {"thanks", "helpful", "no such"}, "auto": {"1"}}
	chief, anna := h.surf(t, h.Chief), h.surf(t, h.Anna)
	if status, _ := anna.post(at, wish); status != 403 {
		t.Errorf("an editor sets it: %d", status)
	}
	if status, _ := chief.post(at, wish); status != 303 {
		t.Fatalf("a chief sets it: %d", status)
	}
	site, err := h.Store.Site(t.Context(), h.Site.ID)
	if err != nil {
		t.Fatal(err)
	}
	kept := string(site.Extra["reader"])
	if !site.NoHints || !site.AutoArticles || !strings.Contains(kept, `"reactions":["helpful","thanks"]`) || !strings.Contains(kept, "Stadtwerke") {
		t.Errorf("hints off %v, articles %v, %s", site.NoHints, site.AutoArticles, kept)
	}
	page := chief.get(at)
	ticked := find(page, func(n *html.Node) bool { return attr(n, "name") == "reaction" && has(n, "checked") })
	if len(ticked) != 2 {
		t.Errorf("%d reactions are ticked", len(ticked))
	}
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
