// Package german prepares German text for assessment: it undoes what people do
// to a word so that a filter does not find it, and remembers where each letter
// came from, so that a finding can be marked in the original.
//
// The order is fixed, because later steps rely on earlier ones: invisible
// characters go, compatibility forms and look-alike letters become plain ones,
// case is folded, combining marks are joined or dropped (Scan); then links are
// set apart, letters written apart are joined, digits that stand for letters are
// read as letters, stretched letters are shortened and umlauts are written as two
// letters (Tokens). A Text can be used again for the next comment, so the work
// allocates next to nothing.
//
// The package also knows how German words are built: Stem, Split and the
// recognition of the language.
package german
