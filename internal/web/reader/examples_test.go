package reader_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/need"
	"github.com/freigabe/freigabe/internal/store"
)

// example reads one of the examples, made to point at this test's node.
func (w *town) example(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(examples + file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("https://kommentare.example", w.comments, "https://www.blatt.example", w.news, "ARTICLE", w.Article.ID).Replace(string(text))
}

// The plain page finds its article by its canonical address, also with a strict
// policy and without JavaScript.
func TestHTMLExample(t *testing.T) {
	w := newTown(t)
	w.at(t, w.news+"/lokales/bruecke")
	w.fill()
	w.page = w.example(t, "html/index.html")
	w.policy = fmt.Sprintf("default-src 'none'; script-src %[1]s; style-src %[1]s; connect-src %[1]s; img-src data: %[1]s; form-action %[1]s; base-uri 'none'", w.comments)
	tab := browser.New(t)
	tab.Open(w.news + "/lokales/bruecke")
	tab.WaitFor("document.querySelectorAll('.fg-comment').length === 3")
	tab.WaitFor("document.querySelector('[data-freigabe-count]').textContent === '3'")
	sound(t, tab, "the plain example")
	shot(tab, "embed-on-a-foreign-page")
	tab.JavaScript(false)
	tab.Open(w.news + "/lokales/bruecke")
	if !browser.Eval[bool](tab, "!!document.querySelector('freigabe-comments > a[href^=\"http://kommentare.test\"]')") {
		t.Error("without JavaScript there is no way to the comments")
	}
	tab.Errors()
}

// The static-site generator's partial, built by the real Hugo.
func TestHugoExample(t *testing.T) {
	hugo := need.Program(t, "hugo", "hugo")
	w := newTown(t)
	w.at(t, w.news+"/posts/bruecke/")
	w.fill()
	site := t.TempDir()
	write(t, site+"/config.toml", fmt.Sprintf("baseURL = %q\nlanguageCode = \"de\"\ntitle = \"Blatt\"\ndisableKinds = [\"taxonomy\",\"term\",\"RSS\",\"sitemap\"]\n[params]\nfreigabe = %q\n", w.news+"/", w.comments))
	write(t, site+"/content/posts/bruecke.md", "---\ntitle: Die Brücke\n---\nSie wird saniert.\n")
	write(t, site+"/layouts/_default/list.html", "<!doctype html><title>{{ .Title }}</title>")
	write(t, site+"/layouts/_default/single.html", `<!doctype html><html lang="de"><head><meta charset="utf-8"><title>{{ .Title }}</title><link rel="icon" href="data:,"></head><body><main><h1>{{ .Title }}</h1>{{ .Content }}{{ partial "freigabe.html" . }}</main></body></html>`)
	write(t, site+"/layouts/partials/freigabe.html", w.example(t, "hugo/layouts/partials/freigabe.html"))
	run(t, site, hugo, "--quiet")
	page, err := os.ReadFile(site + "/public/posts/bruecke/index.html")
	if err != nil {
		t.Fatal(err)
	}
	w.page = string(page)
	tab := browser.New(t)
	tab.Open(w.news + "/posts/bruecke/")
	tab.WaitFor("document.querySelectorAll('.fg-comment').length === 3")
	typeInto(tab, ".fg-area", "Aus der statischen Seite.")
	typeInto(tab, "input[name=name]", "Jörg M.")
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')")
}

const reactVersion = "19.1.0"

// react is the folder with React's packages, fetched by npm once and kept in the
// user's cache.
func react(t *testing.T) string {
	t.Helper()
	npm := need.Program(t, "npm", "npm")
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "freigabe", "react-"+reactVersion)
	if _, err := os.Stat(dir + "/node_modules/react-dom/client.js"); err == nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	install := exec.Command(npm, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, "react@"+reactVersion, "react-dom@"+reactVersion)
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		need.Missing(t, "npm cannot bring React: %v\n%s", err, out)
	}
	return dir
}

// app is a small application of two articles around the example's component.
const app = `import {useState} from 'react'
import {createRoot} from 'react-dom/client'
import {FreigabeComments} from './FreigabeComments.jsx'
const articles = %s
function App() {
  const [n, show] = useState(0)
  return <main><nav>{[0, 1, 2].map(i => <button key={i} onClick={() => show(i)}>Artikel {i}</button>)}</nav>
    {n < 2 && <FreigabeComments article={articles[n]} />}</main>
}
createRoot(document.querySelector('#app')).render(<App />)
`

// The component in a real React application: another article shows its own
// comments, a draft outlives the change, and what is taken out keeps no line open.
func TestReactExample(t *testing.T) {
	packages := react(t)
	w := newTown(t)
	w.fill()
	second, err := w.AddArticle(t.Context(), store.Article{Site: w.Site.ID, Doc: article.Article{Headline: "Der Fluss", URL: w.news + "/fluss"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	src := t.TempDir()
	write(t, src+"/FreigabeComments.jsx", w.example(t, "react/FreigabeComments.jsx"))
	write(t, src+"/app.jsx", fmt.Sprintf(app, fmt.Sprintf("['%s', '%s']", w.Article.ID, second.ID)))
	built := api.Build(api.BuildOptions{EntryPoints: []string{src + "/app.jsx"}, Bundle: true, JSX: api.JSXAutomatic, NodePaths: []string{packages + "/node_modules"},
		Define: map[string]string{"process.env.NODE_ENV": `"production"`}, Outfile: "app.js"})
	if len(built.Errors) > 0 {
		t.Fatal(built.Errors[0].Text)
	}
	w.script = string(built.OutputFiles[0].Contents)
	w.page = `<!doctype html><html lang="de"><head><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,"></head><body><div id="app"></div><script src="/app.js"></script></body></html>`
	tab := browser.New(t)
	tab.Open(w.news + "/")
	show := func(n int, condition string) {
		t.Helper()
		click(tab, fmt.Sprintf("nav button:nth-child(%d)", n+1))
		tab.WaitFor(condition)
	}
	tab.WaitFor("document.querySelectorAll('.fg-comment').length === 3")
	typeInto(tab, ".fg-area", "Ein Entwurf.")
	show(1, "document.querySelector('#comments-"+second.ID+"')")
	show(2, "!document.querySelector('freigabe-comments')")
	show(0, "document.querySelector('.fg-area')?.value === 'Ein Entwurf.'")
	if n := browser.Eval[int](tab, "document.querySelectorAll('.fg-section').length"); n != 1 {
		t.Errorf("%d sections", n)
	}
}

// A box beside the article and counts for teasers, on a publisher's page.
func TestBoxAndCounts(t *testing.T) {
	w := newTown(t)
	first := w.fill()
	if _, err := w.Step(w.Anna, "pick", first); err != nil {
		t.Fatal(err)
	}
	_, box := w.get("/embed/articles/" + w.Article.ID + "?box=1")
	if strings.Contains(box, "Höhenbauer") || !strings.Contains(box, "Maier-Kling") || !strings.Contains(box, "3 Kommentare") {
		t.Errorf("the box does not quote the pick alone: %s", box)
	}
	w.page = `<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Zeitung</title><link rel="icon" href="data:,"></head><body><main><h1>Artikel</h1>` +
		strings.ReplaceAll(box, "http://kommentare.test", w.comments) + fmt.Sprintf(`<p><a href="/x"><span data-freigabe-count="%s"></span> Kommentare</a></p><script src="%s/count.js"></script></main></body></html>`, w.Article.ID, w.comments)
	tab := browser.New(t)
	tab.Open(w.news + "/")
	tab.WaitFor("document.querySelector('[data-freigabe-count]').textContent === '3'")
	sound(t, tab, "a page with the box")
	shot(tab, "box")
}

// An unknown page of an allowed origin becomes an article by its own metadata,
// where the site wants that, and shows its section at once.
func TestFirstSight(t *testing.T) {
	w := newTown(t)
	w.page = fmt.Sprintf(`<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Zeitung</title><link rel="icon" href="data:,"><link rel="canonical" href="%s/neu"><meta property="og:title" content="Die neue Brücke"></head><body><main><h1>Die neue Brücke</h1><freigabe-comments><a href="%s/">Kommentare</a></freigabe-comments></main><script src="%[2]s/embed.js"></script></body></html>`, w.news, w.comments)
	tab := browser.New(t)
	tab.Open(w.news + "/neu?utm_source=x")
	tab.WaitFor("customElements.get('freigabe-comments')")
	if browser.Eval[bool](tab, "!!document.querySelector('.fg-section')") {
		t.Error("a page became an article without the site's wish")
	}
	tab.Errors() // the address is not known: 404
	site, err := w.Store.Site(t.Context(), w.Site.ID)
	if err != nil {
		t.Fatal(err)
	}
	site.AutoArticles = true
	if err := w.SaveSettings(t.Context(), w.Site.ID, site.Settings); err != nil {
		t.Fatal(err)
	}
	w.fetched = article.Article{Headline: "Die neue Brücke"}
	tab.Open(w.news + "/neu?utm_source=y")
	tab.WaitFor("document.querySelector('.fg-section')")
	a, err := w.ArticleByURL(t.Context(), "", w.news+"/neu")
	if err != nil || a.Doc.Headline != "Die neue Brücke" {
		t.Errorf("the article is %q (%v)", a.Doc.Headline, err)
	}
}

// A page that the publisher's server puts together by a real include: nginx's SSI.
func TestServerSideInclude(t *testing.T) {
	nginx := need.Program(t, "nginx", "nginx-light")
	w := newTown(t)
	w.fill()
	node := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Host = strings.TrimPrefix(w.comments, "http://") // as the publisher's nginx is told to ask
		w.server.ServeHTTP(rw, r)
	}))
	t.Cleanup(node.Close)
	dir, port := t.TempDir(), freePort(t)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // nginx's workers run as another user
		t.Fatal(err)
	}
	write(t, dir+"/www/index.html", fmt.Sprintf(`<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Zeitung</title><link rel="icon" href="data:,"></head><body><main><h1>Artikel</h1><!--# include virtual="/kommentare/embed/articles/%s" --></main></body></html>`, w.Article.ID))
	write(t, dir+"/nginx.conf", fmt.Sprintf(`pid %[1]s/pid; error_log stderr; daemon off; master_process off;
events {}
http { access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e; types { text/html html; }
 server { listen 127.0.0.1:%[2]s; root %[1]s/www; ssi on; location /kommentare/ { proxy_pass %[3]s/; proxy_set_header Accept-Encoding ""; } } }`, dir, port, node.URL))
	background(t, nginx, "-c", dir+"/nginx.conf", "-e", "stderr", "-p", dir)
	home := "http://zeitung.test:" + port
	eventually(t, "nginx", func() bool {
		r, err := http.Get("http://127.0.0.1:" + port + "/")
		return err == nil && r.Body.Close() == nil && r.StatusCode == http.StatusOK
	})
	tab := browser.New(t)
	tab.JavaScript(false)
	tab.Open(home + "/")
	if n := browser.Eval[int](tab, "document.querySelectorAll('.fg-comment').length"); n != 3 {
		t.Errorf("%d comments included, want 3: %s", n, browser.Eval[string](tab, "document.body.innerHTML"))
	}
}
