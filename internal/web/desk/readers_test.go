package desk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/web/reader"
)

// Who may comment is set on the desk; the provider by admins alone, whose secret
// is never shown again.
func TestWhoMayCommentIsSetOnTheDesk(t *testing.T) {
	h := sqliteRoom(t)
	ctx := context.Background()
	admin := h.add(t, "admin@blatt.example", moderation.Admin, "")
	form := url.Values{"who": {"oidc", "guest"}, "oidc_name": {"Verlagskonto"}, "reserved": {"Stadtwerke\nRathaus"}, "name_days": {"14"}, "min_age": {"16"}, "avatars": {"initials"},
		"issuer": {"https://konto.example"}, "client_id": {"freigabe"}, "client_secret": {"streng geheim"}}
	at := "/desk/readers?site=" + h.Site.ID
	if status, _ := h.surf(t, h.Anna).post(at, form); status != http.StatusForbidden {
		t.Errorf("an editor: %d", status)
	}
	if status, _ := h.surf(t, h.Chief).post(at, form); status != http.StatusSeeOther {
		t.Errorf("a chief: %d", status)
	}
	site, err := h.Store.Site(ctx, h.Site.ID)
	if err != nil {
		t.Fatal(err)
	}
	set, err := reader.SettingsOf(site)
	if err != nil || strings.Join(set.Who, " ") != "guest oidc" || set.MinAge != 16 || *set.NameDays != 14 || set.Avatars != "initials" || len(set.ReservedNames) != 2 {
		t.Errorf("%+v, %v", set, err)
	}
	if secrets, err := h.Secrets(ctx, h.Site.ID); err != nil || len(secrets.OIDC) > 0 {
		t.Errorf("a chief set the provider: %s, %v", secrets.OIDC, err)
	}
	b := h.surf(t, admin)
	if status, _ := b.post(at, form); status != http.StatusSeeOther {
		t.Errorf("an admin: %d", status)
	}
	form.Set("client_secret", "")
	b.post(at, form)
	secrets, err := h.Secrets(ctx, h.Site.ID)
	var p signon.Provider
	if err != nil || json.Unmarshal(secrets.OIDC, &p) != nil || p.ClientSecret != "streng geheim" {
		t.Errorf("%s, %v", secrets.OIDC, err)
	}
	page := b.get("/desk/readers")
	if text := words(page); strings.Contains(text, "streng geheim") || !strings.Contains(text, "/signin/oidc/callback") {
		t.Errorf("the page: %s", text)
	}
	for field, bad := range map[string]string{"who": "", "name_days": "viele", "min_age": "200", "issuer": "konto.example"} {
		wrong := url.Values{}
		for k, v := range form {
			wrong[k] = v
		}
		wrong.Set(field, bad)
		if status, _ := b.post(at, wrong); status != http.StatusUnprocessableEntity {
			t.Errorf("%s=%s: %d", field, bad, status)
		}
	}
}
