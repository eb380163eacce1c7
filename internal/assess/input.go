package assess

// Input is one comment and what is known around it.
type Input struct {
	Text     string
	Article  *Article           // nil: digression is not checked
	Relation *Relation          // prepared form of Article, Parent and Thread; made on the fly when nil
	Parent   string             // text of the comment replied to, "" if none
	Thread   []string           // released texts of the thread, newest last
	Author   *History           // nil unless the author is proven; a typed name proves nothing
	Site     Settings           // what the site has set
	Similar  []Similar          // near-identical earlier texts by other authors, found by Fingerprint
	External map[string]float64 // probabilities of an external scorer by rule, optional
}

// Article is what a comment should relate to.
type Article struct {
	Headline, Lede, Body string
}

// History is what a proven author did on this site before.
type History struct {
	Submitted, Approved, Rejected int
	AgeDays                       int // since the first submission
}

// Settings are a site's own choices.
type Settings struct {
	AllowedHosts []string // the publisher's own hosts and those on its allow-list
	Watchlist    []string // names and terms an editor put on the article's list
	Language     string   // of the site, "" for German
}

// EnoughSimilar is how many earlier texts need to be found at the most: the rules know
// all by then, and an editor knows that there are many.
const EnoughSimilar = 100

// Similar is an earlier text that is nearly the same.
type Similar struct {
	ID          string
	OtherAuthor bool
	Distance    int // of the fingerprints, in bits
}
