package reader_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/freigabe/freigabe/internal/store"
)

func TestNamesOfTheNewsroomAreReserved(t *testing.T) {
	p := newPaper(t)
	set := p.Site.Settings
	set.Extra = store.Extra{"reader": json.RawMessage(`{"reserved_names":["Bürgermeisterin"]}`)}
	if err := p.SaveSettings(t.Context(), p.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	for name, status := range map[string]int{
		"Anna Kern": 422, "anna kérn": 422, "A n n a  K e r n": 422, "Аnna Kеrn": 422, "4nna K3rn": 422, "Redaktion": 422, "REDAKTI0N": 422, "Blatt": 422, "Bürgermeisterin": 422, "Leser der Redaktion": 422, "Admin_Peter": 422, "Mira @ blatt": 422, "kauf.shop": 422, "www.mira": 422,
		"Anna": 303, "Annika Kern": 303, "Redaktionsfuchs": 303, "Dr. Vogt": 303, "J.R.R. Vogt": 303,
	} {
		if res, _ := p.post(p.article(), url.Values{"text": {"Gesendet als " + name}, "name": {name}}); res.StatusCode != status {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, status)
		}
	}
}
