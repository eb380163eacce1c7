package assess

import (
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/link"
	"github.com/freigabe/freigabe/internal/assess/vocab"
	"github.com/freigabe/freigabe/internal/moderation"
)

// advertising scores links, offers, contact details and repeated texts. A link
// to a source is no advertisement; an offer without a link may be one.
func (r *result) advertising() {
	ad := advert{result: r, z: -3.2}
	for i := range r.links {
		ad.link(&r.links[i])
	}
	ad.cues()
	ad.prices()
	ad.similar()
	ad.combine()
	r.set(moderation.Advertising, slotAdvertising, r.learned(moderation.Advertising, ad.z),
		moderation.Score{Passages: ad.passages, For: top(ad.words), Against: top(ad.against)})
}

type advert struct {
	*result
	z                                 float64
	passages                          []moderation.Passage
	words, against                    []moderation.Weight
	offers, contacts, cites           float64
	foreign, emails, amounts, sellers int
	hosts                             []string
	called                            bool // a telephone number is given
}

// mark adds weight for a passage and names it.
func (ad *advert) mark(start, end int, code, arg string, w float64) {
	p := ad.stretch(start, end, code, arg)
	ad.passages = append(ad.passages, p)
	ad.words = append(ad.words, moderation.Weight{Word: p.Text, Weight: round(w)})
	ad.z += w
}

func (ad *advert) link(l *link.Link) {
	start, end := ad.text.Bytes(l.From, l.To)
	host := link.Domain(l.Host)
	if l.Email {
		ad.emails++
		ad.mark(start, end, "advert.email", "", 1.3)
		return
	}
	if ad.allowed(l.Host) || ad.allowed(host) {
		ad.against = append(ad.against, moderation.Weight{Word: l.Host, Weight: -1})
		return
	}
	tracked := link.Tracking(l.Rest)
	again := slices.Contains(ad.hosts, host)
	ad.hosts = append(ad.hosts, host)
	switch {
	case link.Contact(l.Host):
		ad.foreign++
		ad.mark(start, end, "link.contact", l.Host, 3.6)
	case link.Shortener(l.Host):
		ad.foreign++
		ad.mark(start, end, "link.shortener", "", 3.0)
	case link.Seller(l.Host) > 0:
		ad.foreign++
		ad.sellers++
		ad.mark(start, end, "link.seller", host, 1.6+1.2*float64(link.Seller(l.Host)))
	case link.Source(l.Host) && !again:
		ad.against = append(ad.against, moderation.Weight{Word: l.Host, Weight: -1.2})
		ad.z -= 0.6
	case l.Hidden:
		ad.foreign++
		ad.mark(start, end, "link.hidden", l.Host, 3.2)
	case again:
		ad.mark(start, end, "link.repeated", host, 0.8)
	default:
		ad.foreign++
		ad.mark(start, end, "link.other", host, 1.2)
	}
	if tracked != "" && !link.Source(l.Host) {
		ad.mark(start, end, "link.tracking", tracked, 2.0)
	}
}

// allowed reports the publisher's own hosts and those on its allow-list, with
// their subdomains.
func (ad *advert) allowed(host string) bool {
	for _, h := range ad.in.Site.AllowedHosts {
		h = strings.TrimPrefix(strings.ToLower(h), "www.")
		if h != "" && (host == h || strings.HasSuffix(host, "."+h)) {
			return true
		}
	}
	return false
}

func (ad *advert) cues() {
	for _, h := range ad.reader.Cues {
		t := &ad.text
		switch h.Cue.Kind {
		case vocab.Advert:
			w := h.Cue.Weight / (1 + 0.5*ad.offers)
			ad.offers++
			ad.mark(int(t.Tokens[h.First].Start), int(t.Tokens[h.Last].End), "advert."+h.Cue.Code, "", w*0.55)
		case vocab.Contact:
			ad.contacts += h.Cue.Weight
		case vocab.Cite:
			ad.cites += h.Cue.Weight
		}
	}
}

// prices looks for amounts of money and telephone numbers beside an offer.
func (ad *advert) prices() {
	toks := ad.text.Tokens
	for i, k := range toks {
		if k.Kind != german.Number {
			continue
		}
		if ad.money(i) {
			ad.amounts++
			if ad.amounts <= 3 && (ad.offers > 0 || ad.foreign > 0) {
				ad.mark(int(k.Start), int(k.End), "advert.price", "", 0.7)
			}
		}
	}
	for i, p := range ad.phones() {
		if i == 0 {
			ad.called = true
			ad.mark(p[0], p[1], "advert.phone", "", 1.4+min(1.4, 0.7*ad.offers))
		}
	}
}

// money reports a number beside a sign or word of currency.
func (ad *advert) money(i int) bool {
	k := ad.text.Tokens[i]
	if int(k.End) < len(ad.src) && (strings.HasPrefix(ad.src[k.End:], "€") || strings.HasPrefix(ad.src[k.End:], " €") || ad.src[k.End] == '$') {
		return true
	}
	if k.Start > 0 && (ad.src[k.Start-1] == '$' || strings.HasSuffix(ad.src[:k.Start], "€")) {
		return true
	}
	if i+1 < len(ad.text.Tokens) {
		switch string(ad.text.Folded(ad.text.Tokens[i+1])) {
		case "euro", "eur", "chf", "franken", "dollar", "usd":
			return true
		}
	}
	return false
}

func (ad *advert) similar() {
	n := 0
	for _, s := range ad.in.Similar {
		if s.OtherAuthor {
			n++
		}
	}
	if n > 0 && len(ad.src) > 0 {
		ad.mark(0, len(ad.src), "advert.similar", "", min(4, 1.2*float64(n))*boost(ad.foreign > 0 || ad.offers > 0))
	}
}

func boost(b bool) float64 {
	if b {
		return 1
	}
	return 0.5
}

// combine weighs what only counts together: a contact with an offer, a foreign
// link with an offer, a link given as evidence.
func (ad *advert) combine() {
	if ad.contacts > 0 && (ad.offers > 0 || ad.foreign > 0 || ad.emails > 0 || ad.called) {
		ad.z += 1.4
	}
	if (ad.foreign > 0 || ad.emails > 0 || ad.called) && ad.offers > 0 {
		ad.z += 1.6
	}
	if ad.foreign == 0 && ad.emails == 0 && ad.contacts == 0 && ad.amounts == 0 && !ad.called && ad.offers < 3 {
		// Words of trade alone are how people talk about prices and offers.
		ad.z -= 1.4
	}
	if ad.cites > 0 && ad.sellers == 0 {
		w := min(2.6, ad.cites)
		ad.z -= w
		ad.against = append(ad.against, moderation.Weight{Word: "Quellenangabe", Weight: round(-w)})
	}
	words := ad.text.Stats.Words
	if ad.foreign > 0 && words < 4 {
		ad.z += 1
	}
}
