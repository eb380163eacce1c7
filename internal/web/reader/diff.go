package reader

import "strings"

// maxDiff bounds the words compared on each side: the table grows with their product.
const maxDiff = 800

// difference shows what changed between two texts, word by word: the longest
// common subsequence stays, the rest is gone or new.
func difference(before, after string) []segment {
	a, b := splitWords(before), splitWords(after)
	if len(a) > maxDiff || len(b) > maxDiff {
		return []segment{{before, "gone"}, {after, "new"}}
	}
	common := make([][]int, len(a)+1) // common[i][j]: of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []segment
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = extend(out, a[i], "")
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = extend(out, a[i], "gone")
			i++
		default:
			out = extend(out, b[j], "new")
			j++
		}
	}
	return out
}

func extend(out []segment, word, mark string) []segment {
	if n := len(out); n > 0 && out[n-1].Mark == mark {
		out[n-1].Text += word
		return out
	}
	return append(out, segment{word, mark})
}

// splitWords cuts a text before each word; nothing of it is lost.
func splitWords(text string) []string {
	var out []string
	for len(text) > 0 {
		end := strings.IndexAny(text, " \n\t")
		if end < 0 {
			return append(out, text)
		}
		for end < len(text) && strings.IndexByte(" \n\t", text[end]) >= 0 {
			end++
		}
		out, text = append(out, text[:end]), text[end:]
	}
	return out
}
