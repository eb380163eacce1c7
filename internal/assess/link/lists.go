package link

import "strings"

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

var (
	// endings are top-level domains that are no German words, so that a missing
	// space after a full stop makes no link.
	endings = set(`de com at ch org net info eu biz io co shop online store xyz top club site website tv ly gg tk ru pl
		cz nl fr uk us app dev blog news live link click pro vip win bet casino finance money loan media berlin hamburg
		koeln bayern wien swiss tirol saarland ruhr nrw li lu se dk fi hu ro sk si hr gr pt ua cn jp kr tr br edu gov
		mil int name mobi asia cat jobs tel travel agency academy market markets trade trading exchange fund capital
		cash credit creditcard loans insurance investments poker games game gratis gift gifts sale deals promo bid
		auction fashion jewelry beauty fit fitness diet health care clinic dental pharmacy doctor yoga dating sexy porn
		sex xxx adult cam chat social community group team company gmbh services solutions consulting support systems
		technology tech digital cloud host hosting software email marketing expert guru works work rocks space world
		today zone party events tickets tours holiday rent immo immobilien haus versicherung reise reisen kaufen cc ws
		icu buzz monster cyou rest ai me`)

	// wordEndings are German words, or parts of abbreviations, too: they make a
	// link only with a path.
	wordEndings = set(`am es im in is so to an it be no my by nu ag do la st vc sh fm pm`)

	// spoken are endings after a dot written in words.
	spoken = set(`de com at ch org net info eu biz io co shop online store xyz top club site website tv me ly gg app news
		blog live pro vip bet casino ru pl nl li link click ag to`)
	strict = set(`de com net org info shop biz`)

	shorteners = set(`bit.ly tinyurl.com t.co goo.gl ow.ly is.gd buff.ly cutt.ly rb.gy t1p.de kurzelinks.de kurzlink.de
		shorturl.at tiny.cc amzn.to amzn.eu ebay.us s.id rebrand.ly bl.ink lnkd.in adf.ly shorte.st bc.vc ouo.io v.gd
		qr.ae trib.al dlvr.it ift.tt shor.by linktr.ee snip.ly soo.gd clck.ru u.to x.co zpr.io lnk.to lnk.bio t.ly
		urlz.fr vk.cc han.gl short.io tny.im qrco.de eepurl.com mailchi.mp fb.me m.me wa.me t.me discord.gg`)

	// contacts lead to a chat or a channel instead of a page.
	contacts = set(`wa.me t.me telegram.me telegram.org discord.gg discord.com api.whatsapp.com chat.whatsapp.com
		whatsapp.com m.me signal.me signal.group line.me linktr.ee lnk.bio beacons.ai onlyfans.com patreon.com
		ko-fi.com buymeacoffee.com paypal.me gofundme.com fansly.com`)

	// sources are hosts that comments cite: press, broadcasters, encyclopedias,
	// authorities, science, courts, parliaments.
	sources = set(`wikipedia.org wikimedia.org wikidata.org tagesschau.de zdf.de ard.de ndr.de wdr.de br.de swr.de mdr.de
		hr.de rbb24.de rbb-online.de sr.de deutschlandfunk.de deutschlandfunkkultur.de dlf.de dw.com 3sat.de arte.tv phoenix.de
		heute.de zdfheute.de sportschau.de ardmediathek.de spiegel.de zeit.de faz.net sueddeutsche.de sz.de welt.de taz.de
		tagesspiegel.de handelsblatt.com wiwo.de stern.de focus.de n-tv.de ntv.de t-online.de bild.de fr.de rnd.de haz.de
		waz.de nrz.de ksta.de rp-online.de rp.de noz.de nw.de wz.de mopo.de abendblatt.de morgenpost.de berliner-zeitung.de
		augsburger-allgemeine.de merkur.de nordbayern.de mittelbayerische.de stuttgarter-zeitung.de stuttgarter-nachrichten.de
		swp.de schwaebische.de badische-zeitung.de bnn.de rheinpfalz.de saarbruecker-zeitung.de volksfreund.de
		general-anzeiger-bonn.de ga.de lvz.de mz.de freiepresse.de saechsische.de thueringer-allgemeine.de ostsee-zeitung.de
		nordkurier.de svz.de shz.de weser-kurier.de nwzonline.de kreiszeitung.de hna.de op-online.de ovb-online.de pnp.de
		derstandard.at diepresse.com kurier.at krone.at orf.at kleinezeitung.at salzburg.com sn.at tt.com nachrichten.at
		vn.at heute.at falter.at profil.at wienerzeitung.at nzz.ch tagesanzeiger.ch srf.ch blick.ch 20min.ch watson.ch
		republik.ch woz.ch bernerzeitung.ch correctiv.org mimikama.org volksverpetzer.de netzpolitik.org heise.de golem.de
		uebermedien.de krautreporter.de abgeordnetenwatch.de lobbycontrol.de fragdenstaat.de transparency.de spektrum.de
		wissenschaft.de scinexx.de quarks.de nature.com science.org sciencedirect.com springer.com link.springer.com
		ncbi.nlm.nih.gov nih.gov pubmed.ncbi.nlm.nih.gov thelancet.com bmj.com nejm.org arxiv.org doi.org researchgate.net
		jstor.org mpg.de fraunhofer.de helmholtz.de leibniz-gemeinschaft.de dfg.de diw.de ifo.de iwkoeln.de rwi-essen.de
		bundestag.de bundesrat.de bundesregierung.de bundeskanzler.de bundespraesident.de bundesverfassungsgericht.de
		bundesgerichtshof.de bverwg.de bverfg.de gesetze-im-internet.de dejure.org juris.de openjur.de rki.de bzga.de pei.de
		bfarm.de bmg.bund.de bund.de destatis.de bka.de polizei.de umweltbundesamt.de uba.de bafin.de bundesbank.de kba.de
		adac.de arbeitsagentur.de bamf.de bpb.de dwd.de bsi.de verfassungsschutz.de bundesnetzagentur.de statista.com
		verbraucherzentrale.de test.de finanztip.de europa.eu ec.europa.eu ecb.europa.eu who.int un.org oecd.org imf.org
		worldbank.org nato.int unesco.org unicef.org unhcr.org ipcc.ch parlament.gv.at ris.bka.gv.at statistik.at
		oesterreich.gv.at admin.ch bfs.admin.ch parlament.ch bger.ch bbc.com bbc.co.uk reuters.com apnews.com nytimes.com
		theguardian.com washingtonpost.com economist.com ft.com lemonde.fr cnn.com dpa.com openstreetmap.org archive.org
		web.archive.org bahn.de nabu.de bund.net wwf.de greenpeace.de amnesty.de caritas.de diakonie.de drk.de`)

	sourceEndings = [...]string{".gov", ".edu", ".gv.at", ".admin.ch", ".bund.de", ".europa.eu", ".ac.uk", ".nrw.de", ".bayern.de", ".hessen.de",
		".sachsen.de", ".niedersachsen.de", ".berlin.de", ".hamburg.de", ".bremen.de", ".brandenburg.de", ".thueringen.de", ".ac.at", ".ethz.ch"}

	// sellers sell things or games of chance.
	sellers = set(`amazon.de amazon.com amazon.at ebay.de ebay.com ebay.at kleinanzeigen.de willhaben.at ricardo.ch etsy.com
		otto.de zalando.de temu.com shein.com aliexpress.com alibaba.com wish.com idealo.de check24.de verivox.de billiger.de
		digistore24.com copecart.com elopage.com clickbank.com gumroad.com shopify.com myshopify.com bwin.com bet365.com
		tipico.de interwetten.com stake.com binance.com bybit.com bitpanda.com etoro.com plus500.com kraken.com coinbase.com
		fiverr.com upwork.com vinted.de momox.de rebuy.de mydealz.de groupon.de`)

	sellerEndings = [...]string{".shop", ".store", ".sale", ".deals", ".casino", ".bet", ".poker", ".loan", ".loans", ".cash", ".money", ".trading",
		".porn", ".sex", ".sexy", ".xxx", ".adult", ".cam", ".dating", ".promo", ".click", ".kaufen", ".win", ".vip", ".credit", ".gratis", ".xyz", ".top", ".icu",
		".buzz", ".monster", ".cyou", ".tk", ".bid", ".immobilien", ".versicherung", ".gift", ".club", ".exchange", ".fund", ".online", ".site"}

	sellerParts = [...]string{"shop", "rabatt", "gutschein", "kredit", "casino", "bonus", "gewinn", "verdien", "bitcoin", "crypto", "krypto", "invest", "trading",
		"trader", "guenstig", "billig", "kaufen", "sale", "deal", "angebot", "dating", "escort", "sexkontakt", "potenz", "viagra", "cialis", "abnehm", "diaet", "coaching", "seo",
		"backlink", "wett", "lotto", "slots", "poker", "umzug", "entruempel", "schluesseldienst", "goldankauf", "autoankauf", "discount", "outlet", "replica",
		"uhren-", "forex", "reichwerden", "passiveseinkommen", "nebenjob", "heimarbeit", "followers", "likes-"}

	// tracking parameters name the campaign or partner that earns by a click.
	tracking = [...]string{"utm_", "tag=", "ref=", "refid=", "referral", "aff=", "affid", "affiliate", "partner=", "partnerid", "pid=", "awc=",
		"gclid=", "fbclid=", "campaign", "clickid", "coupon=", "promo=", "gutschein=", "rabatt=", "invite=", "bonus=", "subid", "tduid", "ranmid", "irclickid", "adid=", "aid="}
)

// Shortener reports a host that hides where a link leads.
func Shortener(host string) bool { return shorteners[host] }

// Contact reports a host that leads to a chat, a channel or a tip jar.
func Contact(host string) bool { return contacts[host] || contacts[Domain(host)] }

// Source reports a host that comments cite as evidence.
func Source(host string) bool {
	if sources[host] || sources[Domain(host)] {
		return true
	}
	for _, e := range sourceEndings {
		if strings.HasSuffix(host, e) {
			return true
		}
	}
	return strings.HasPrefix(host, "stadt-") || strings.HasPrefix(host, "uni-") || strings.HasPrefix(host, "landkreis-") ||
		strings.HasPrefix(host, "gemeinde-") || strings.Contains(host, ".uni-") || strings.HasPrefix(host, "tu-") || strings.HasPrefix(host, "fh-")
}

// Seller reports how strongly a host's name speaks of selling: 0 to 2.
func Seller(host string) int {
	n := 0
	if sellers[host] || sellers[Domain(host)] {
		n = 1
	}
	for _, e := range sellerEndings {
		if strings.HasSuffix(host, e) {
			n++
			break
		}
	}
	for _, p := range sellerParts {
		if strings.Contains(host, p) {
			n++
			break
		}
	}
	return min(n, 2)
}

// Tracking returns the parameter of a path and query that names a campaign or
// an earning partner, "" if there is none.
func Tracking(rest string) string {
	_, query, ok := strings.Cut(rest, "?")
	if !ok {
		if strings.Contains(rest, "/ref/") || strings.Contains(rest, "/aff/") || strings.Contains(rest, "/go/") {
			return "ref"
		}
		return ""
	}
	for part := range strings.SplitSeq(query, "&") {
		for _, t := range tracking {
			if strings.HasPrefix(part, t) {
				return strings.TrimRight(t, "=_")
			}
		}
	}
	return ""
}
