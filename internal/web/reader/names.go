package reader

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/text/unicode/norm"
)

// Names knows which names readers may not bear: those of the site, of its people
// and of the list that an admin set, however they are written.
type Names struct {
	Store *store.Store

	mu    sync.Mutex
	known map[string]reserved
}

type reserved struct {
	names map[string]bool
	read  time.Time
}

// namesFor is how long a list of names is kept.
const namesFor = time.Minute

// newsroom are the words that only the newsroom calls itself; a name holds none of
// them, alone or beside others.
var newsroom = []string{"Redaktion", "Die Redaktion", "Chefredaktion", "Moderation", "Moderator", "Moderatorin", "Admin", "Administrator", "Editor", "Editors", "Newsroom"}

// addressing is what makes a name an advertisement.
var addressing = regexp.MustCompile(`(?i)://|\bwww\.|@|[\p{L}\p{N}]\.(de|com|net|org|at|ch|eu|info|shop|online|store|biz|io|me|tv|ru|xyz)\b`)

// Check refuses a name that belongs to the newsroom, that is an address, or that
// looks like the name of a known author of the site who is somebody else.
func (n *Names) Check(ctx context.Context, site store.Site, name string, p store.Proof, email string) error {
	names, err := n.of(ctx, site)
	if err != nil {
		return err
	}
	if addressing.MatchString(name) {
		return moderation.BadField("name", "reader.error.name.link")
	}
	if names[likeness(name)] {
		return moderation.BadField("name", "reader.error.name.reserved")
	}
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		if staffWords[likeness(word)] {
			return moderation.BadField("name", "reader.error.name.reserved")
		}
	}
	taken, err := n.Store.NameTaken(ctx, site.ID, likeness(name), p, email)
	if err == nil && taken {
		err = moderation.BadField("name", "reader.error.name.taken")
	}
	return err
}

// staffWords are the words of newsroom by their likeness.
var staffWords = func() map[string]bool {
	words := map[string]bool{}
	for _, name := range newsroom {
		words[likeness(name)] = true
	}
	return words
}()

func (n *Names) of(ctx context.Context, site store.Site) (map[string]bool, error) {
	now := n.Store.Now()
	n.mu.Lock()
	r, ok := n.known[site.ID]
	n.mu.Unlock()
	if ok && now.Sub(r.read) < namesFor {
		return r.names, nil
	}
	people, err := n.Store.Editors(ctx, site.ID)
	if err != nil {
		return nil, err
	}
	set, err := SettingsOf(site)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{likeness(site.Name): true}
	for _, list := range [][]string{newsroom, set.ReservedNames} {
		for _, name := range list {
			names[likeness(name)] = true
		}
	}
	for _, p := range people {
		names[likeness(p.Name)] = true
	}
	delete(names, "") // a name of signs alone
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[string]reserved{}
	}
	n.known[site.ID] = reserved{names, now}
	return names, nil
}

// lookalikes maps letters and digits that pass for others.
var lookalikes = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i",
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "х", "x", "у", "y", "к", "k", "і", "i", "м", "m", "т", "t", "н", "h", "в", "b", "ѕ", "s", "ј", "j", "ԁ", "d", "ν", "v", "ο", "o", "α", "a", "ß", "ss", "i", "l")

// likeness is a name as an eye in a hurry reads it: letters alone, without case,
// accents or signs, and with look-alikes made one.
func likeness(name string) string {
	decomposed := norm.NFKD.String(strings.ToLower(name))
	replaced := lookalikes.Replace(decomposed)
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, replaced)
}
