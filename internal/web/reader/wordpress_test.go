package reader_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/need"
	"github.com/freigabe/freigabe/internal/store"
)

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// background runs a program until the test ends.
func background(t *testing.T, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill() // what is there for the test alone needs no farewell
		_ = c.Wait()
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

const examples = "../../../examples/"

const (
	wordpressConfig = `<?php
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:%[1]s');
define('WP_HOME', '%[2]s'); define('WP_SITEURL', '%[2]s'); define('WP_HTTP_BLOCK_EXTERNAL', true); define('WP_ACCESSIBLE_HOSTS', '127.0.0.1');
define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_DEBUG', true); define('WP_DEBUG_DISPLAY', false);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
`
	wordpressInstall = `<?php
define('WP_INSTALLING', true);
require_once __DIR__ . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
ob_start();
wp_install('Blatt', 'admin', 'admin@blatt.example', true, '', 'secret');
switch_theme('plain');
$failed = activate_plugin('freigabe-comments/freigabe-comments.php');
if (is_wp_error($failed)) { fwrite(STDERR, $failed->get_error_message()); exit(1); }
update_option('freigabe_address', $argv[1]);
$id = wp_insert_post(['post_title' => 'Die Brücke', 'post_content' => 'Sie wird saniert.', 'post_status' => 'publish', 'post_author' => 1]);
ob_end_clean();
echo "\n", get_permalink($id);
`
	wordpressTheme = `<!doctype html><html <?php language_attributes(); ?>><head><meta charset="utf-8"><title>Blatt</title><link rel="icon" href="data:,"></head>
<body><main><?php while (have_posts()) { the_post(); the_title('<h1>', '</h1>'); the_content(); if (comments_open()) echo '<p id="own-comments">'; } ?></main></body></html>
`
)

// The plugin in a real WordPress with its database: the section is in the page
// without JavaScript; where Freigabe does not answer, the loader takes its place.
func TestWordPressExample(t *testing.T) {
	php := need.Program(t, "php", "php-cli")
	plugin := examples + "wordpress/freigabe-comments/freigabe-comments.php"
	run(t, "", php, "-l", plugin)
	if mods := run(t, "", php, "-m"); !strings.Contains(mods, "mysqli") {
		need.Missing(t, "PHP has no mysqli (package php-mysql); the plugin's syntax was checked")
	}
	need.Program(t, "my_print_defaults", "mariadb-client-core") // the installer asks it
	installer, server := need.Program(t, "mariadb-install-db", "mariadb-server-core"), need.Program(t, "mariadbd", "mariadb-server-core")
	source := wordpress(t)
	w := newTown(t)
	dir := t.TempDir()
	socket, root, port := dir+"/db.sock", dir+"/www", freePort(t)
	home := "http://wordpress.test:" + port
	run(t, "", installer, "--no-defaults", "--datadir="+dir+"/db", "--auth-root-authentication-method=normal", "--skip-test-db", "--user="+user())
	background(t, server, "--no-defaults", "--datadir="+dir+"/db", "--socket="+socket, "--skip-networking", "--skip-grant-tables", "--user="+user(), "--pid-file="+dir+"/db.pid")
	eventually(t, "the database", func() bool { c, err := net.Dial("unix", socket); return err == nil && c.Close() == nil })
	run(t, "", "cp", "-r", source, root)
	for file, content := range map[string]string{"wp-config.php": fmt.Sprintf(wordpressConfig, socket, home), "install.php": wordpressInstall,
		"wp-content/themes/plain/index.php": wordpressTheme, "wp-content/themes/plain/style.css": "/* Theme Name: Plain */"} {
		_ = os.Remove(filepath.Join(root, file)) // a link to the system's own, in Debian's package
		write(t, filepath.Join(root, file), content)
	}
	run(t, "", "cp", "-r", filepath.Dir(plugin), root+"/wp-content/plugins/")
	run(t, "", php, "-r", "$d = new mysqli(null, 'root', '', '', 0, $argv[1]); $d->query('create database wp');", "--", socket)
	_, freigabe, _ := strings.Cut(w.comments, ":")
	_, freigabe, _ = strings.Cut(freigabe, ":")
	address := "http://127.0.0.1:" + freigabe                         // PHP knows no names of ours
	said := strings.Fields(run(t, root, php, "install.php", address)) // beside it, perhaps, that there is no program for mail
	post := said[len(said)-1]
	set := w.Site.Settings
	set.Origins = []string{w.news, home}
	if err := w.SaveSettings(t.Context(), w.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	w.at(t, post)
	w.fill()
	background(t, php, "-S", "127.0.0.1:"+port, "-t", root)
	eventually(t, "WordPress", func() bool { c, err := net.Dial("tcp", "127.0.0.1:"+port); return err == nil && c.Close() == nil })
	tab := browser.New(t)
	tab.JavaScript(false)
	tab.Open(post)
	if n := browser.Eval[int](tab, "document.querySelectorAll('.fg-comment').length"); n != 3 {
		t.Fatalf("WordPress shows %d comments, want 3: %s", n, browser.Eval[string](tab, "document.documentElement.outerHTML"))
	}
	if browser.Eval[bool](tab, "!!document.querySelector('#own-comments')") {
		t.Error("WordPress's own comments are open beside ours")
	}
	tab.JavaScript(true)
	tab.Open(post)
	tab.WaitFor("customElements.get('freigabe-comments')")
	typeInto(tab, ".fg-area", "Aus WordPress geschrieben.")
	typeInto(tab, "input[name=name]", "Jörg M.")
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')")
	shot(tab, "wordpress")
	run(t, root, php, "-r", "require 'wp-load.php'; update_option('freigabe_address', 'http://127.0.0.1:9');")
	tab.JavaScript(false)
	tab.Open(post)
	if !browser.Eval[bool](tab, "!!document.querySelector('freigabe-comments > a') && document.body.innerText.includes('saniert')") {
		t.Error("where Freigabe does not answer, the post has no link to the comments")
	}
	tab.Errors() // the script of a server that is not there
}

// wordpress finds WordPress's folder: FREIGABE_WORDPRESS names it, or it is where
// scripts/wordpress.sh has unpacked Debian's package, or installed.
func wordpress(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	for _, dir := range []string{os.Getenv("FREIGABE_WORDPRESS"), filepath.Join(cache, "freigabe", "wordpress"), "/usr/share/wordpress"} {
		if _, err := os.Stat(filepath.Join(dir, "wp-load.php")); err == nil && dir != "" {
			return dir
		}
	}
	need.Missing(t, "no WordPress found (scripts/wordpress.sh brings it, or FREIGABE_WORDPRESS names its folder); the plugin's syntax was checked")
	return ""
}

func user() string {
	if os.Getuid() == 0 {
		return "root"
	}
	return os.Getenv("USER")
}

// at makes an article of an address the paper's own.
func (w *town) at(t *testing.T, address string) {
	t.Helper()
	a, err := w.AddArticle(t.Context(), store.Article{Site: w.Site.ID, Doc: article.Article{Headline: "Die Brücke", URL: address}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Article = a
}
