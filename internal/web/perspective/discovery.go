package perspective

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/web"
)

//go:embed discovery.json
var discoveryText []byte

// discovery describes the interface to clients that build themselves from such a
// description (Google's for Python and Node). Its addresses are the one asked.
func (s *facade) discovery(w http.ResponseWriter, r *http.Request) error {
	if v := r.URL.Query().Get("version"); v != "" && v != "v1alpha1" {
		return moderation.Missing("page")
	}
	doc := map[string]any{}
	if err := json.Unmarshal(discoveryText, &doc); err != nil {
		return fmt.Errorf("read the description of the interface: %w", err)
	}
	root := rootURL(r)
	doc = maps.Clone(doc)
	doc["rootUrl"], doc["baseUrl"] = root, root
	return web.JSON(w, http.StatusOK, doc)
}

// rootURL is the address that was asked, as a proxy in front tells it or as the
// connection shows it, with the prefix that the methods have there.
func rootURL(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	prefix, _, _ := strings.Cut(r.URL.Path, "$discovery")
	return scheme + "://" + r.Host + prefix
}
