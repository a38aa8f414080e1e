package picture

import (
	"fmt"
	"strings"
)

// Bar is a count with its name and, where one is wanted, its share of something in words.
type Bar struct {
	Name  string
	Count int
	Share string
}

const barStep = 50.0

// Bars draws counts below each other, each as long as it is large, with its name and number above it. Alt text begins with
// what they are of.
func Bars(of string, bars []Bar) Picture {
	p := Picture{Alt: barsInWords(of, bars), High: barStep*float64(len(bars)) + 4}
	most := 1
	for _, b := range bars {
		most = max(most, b.Count)
	}
	for i, b := range bars {
		top := barStep * float64(i)
		end := 100 * float64(b.Count) / float64(most)
		p.Areas = append(p.Areas,
			Area{box(0, 100, top+24, top+42), "#eef1f3"},
			Area{box(0, end, top+24, top+42), Strong})
		p.Words = append(p.Words,
			Words{At: At{0, top + 17}, Text: b.Name, Size: letters, Ink: Black, Anchor: Start},
			Words{At: At{100, top + 17}, Text: strings.TrimSpace(fmt.Sprintf("%d  %s", b.Count, b.Share)), Size: letters, Ink: Black, Bold: true, Anchor: End})
	}
	return p
}

func box(left, right, top, bottom float64) []At {
	return []At{{left, top}, {right, top}, {right, bottom}, {left, bottom}}
}

func barsInWords(of string, bars []Bar) string {
	var said []string
	for _, b := range bars {
		one := fmt.Sprintf("%s %d", b.Name, b.Count)
		if b.Share != "" {
			one += " " + b.Share
		}
		said = append(said, one)
	}
	return of + ": " + strings.Join(said, "; ") + "."
}
