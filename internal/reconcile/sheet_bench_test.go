package reconcile

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/xuri/excelize/v2"
)

// largeTable is a prison's list of n rows, everyone with their own number and name.
func largeTable(n int) [][]string {
	rows := table(PrisonReleases(), goodRelease())
	for i := 1; i < n; i++ {
		row := append([]string{}, rows[1]...)
		row[1], row[4] = fmt.Sprintf("Surname%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26), fmt.Sprintf("A%04dB%c", i%10000, 'A'+i/10000)
		rows = append(rows, row)
	}
	return rows
}

func BenchmarkReadCSV(b *testing.B) { benchmarkRead(b, csvOf(largeTable(50_000))) }

func BenchmarkReadXLSX(b *testing.B) {
	book := excelize.NewFile(excelize.Options{TmpDir: nowhere})
	stream, err := book.NewStreamWriter("Sheet1")
	must(err)
	for i, row := range largeTable(50_000) {
		cells := make([]any, len(row))
		for j := range row {
			cells[j] = row[j]
		}
		must(stream.SetRow(fmt.Sprintf("A%d", i+1), cells))
	}
	must(stream.Flush())
	var out bytes.Buffer
	must(book.Write(&out))
	benchmarkRead(b, out.Bytes())
}

func benchmarkRead(b *testing.B, received []byte) {
	b.SetBytes(int64(len(received)))
	b.ReportAllocs()
	for b.Loop() {
		s := mustRead(b, received, PrisonReleases())
		for row, err := range s.Each() {
			if _, found := ReadPrisonRow(row, words, today); err != nil || len(found.Refused) > 0 {
				b.Fatal(err, found)
			}
		}
	}
}
