package reconcile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// must is for steps of making a workbook, which do not fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func TestAWorkbookGivesTheSameRow(t *testing.T) {
	want, _ := readPrison(t, goodRelease())
	rows := table(PrisonReleases(), goodRelease())
	texts := bookOf(t, rows)
	cells := bookOf(t, rows, func(f *excelize.File) {
		style, err := f.NewStyle(&excelize.Style{CustomNumFmt: ptr("dd/mm/yy")})
		must(err)
		must(f.SetCellValue("Sheet1", "C2", time.Date(1984, 2, 28, 0, 0, 0, 0, time.UTC)))
		must(f.SetCellInt("Sheet1", "K2", 45281)) // 21 December 2023
		must(f.SetCellStyle("Sheet1", "K2", "K2", style))
		must(f.SetCellInt("Sheet1", "O2", 9434765919))
		must(f.SetCellRichText("Sheet1", "A2", []excelize.RichTextRun{{Text: "Si"}, {Text: "ân", Font: &excelize.Font{Bold: true}}}))
		must(f.SetCellBool("Sheet1", "V2", true))
	})
	old := bookOf(t, rows, func(f *excelize.File) {
		must(f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: ptr(true)}))
		must(f.SetCellInt("Sheet1", "K2", 45281-1462))
		style, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		must(err)
		must(f.SetCellStyle("Sheet1", "K2", "K2", style))
	})
	placeless := changePart(t, texts, "xl/worksheets/sheet1.xml", func(sheet string) string { // an empty cell takes its place all the same
		return regexp.MustCompile(`<c r="[A-Z]+\d+"`).ReplaceAllString(sheet, "<c")
	})
	for name, received := range map[string][]byte{"texts": texts, "date and number cells": cells, "days from 1904": old, "cells that do not say where they stand": placeless} {
		s := mustRead(t, received, PrisonReleases())
		got, found := ReadPrisonRow(rowsOf(t, s)[0], words, today)
		if !got.Equal(want) || len(found.Refused)+len(found.Warnings) > 0 || string(got.Canonical()) != string(want.Canonical()) {
			t.Errorf("%s: %+v, %v", name, got, found)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestANumberIsNotADate(t *testing.T) {
	received := bookOf(t, table(PrisonReleases(), goodRelease()), func(f *excelize.File) {
		must(f.SetCellInt("Sheet1", "K2", 45281))
	})
	_, found := ReadPrisonRow(rowsOf(t, mustRead(t, received, PrisonReleases()))[0], words, today)
	if len(found.Refused) != 1 || !strings.HasPrefix(found.Refused[0].Why, "not a date: a number") {
		t.Errorf("got %v", found.Refused)
	}
}

func TestADateCellIsCertainInAnUncertainColumn(t *testing.T) {
	received := bookOf(t, table(ProviderPickups(), goodPickup(), goodPickup(), goodPickup()), func(f *excelize.File) {
		must(f.SetCellValue("Sheet1", "I2", time.Date(2023, 4, 3, 0, 0, 0, 0, time.UTC)))
		must(f.SetCellStr("Sheet1", "I3", "03/04/2023"))
		must(f.SetCellStr("Sheet1", "I4", "12/25/2023"))
	})
	for i, row := range rowsOf(t, mustRead(t, received, ProviderPickups())) {
		if date, why := row.Date(wordStart); (why == "") != (i == 0) {
			t.Errorf("row %d is %s (%s)", row.Number, date, why)
		}
	}
}

func TestRowNumbersOfAWorkbook(t *testing.T) {
	rows := table(ProviderPickups(), goodPickup(), map[string]string{}, map[string]string{}, goodPickup())
	s := mustRead(t, bookOf(t, rows), ProviderPickups())
	got := rowsOf(t, s)
	if s.Rows != 2 || got[0].Number != 2 || got[1].Number != 5 {
		t.Errorf("%d rows: %d, %d", s.Rows, got[0].Number, got[1].Number)
	}
	short := bookOf(t, rows, func(f *excelize.File) {
		must(f.SetCellStr("Sheet1", "Z2", "beyond"))
		must(f.SetCellStr("Sheet1", "ZZ5", "far beyond"))
	})
	for _, row := range rowsOf(t, mustRead(t, short, ProviderPickups())) {
		if row.Broken == "" {
			t.Errorf("row %d holds something beyond the header and is taken", row.Number)
		}
	}
}

func TestWorkbooksRefusedWhole(t *testing.T) {
	rows := table(ProviderPickups(), goodPickup())
	sheet := func(name string, then ...func(*excelize.File)) func(*excelize.File) {
		return func(f *excelize.File) {
			_, err := f.NewSheet(name)
			must(err)
			for _, change := range then {
				change(f)
			}
		}
	}
	fill := func(f *excelize.File) { must(f.SetCellStr("Notes", "C9", "x")) }
	hide := func(f *excelize.File) { must(f.SetSheetVisible("Notes", false)) }
	good := bookOf(t, rows)
	cases := map[string]struct {
		received []byte
		says     string
	}{
		"an empty second sheet":    {bookOf(t, rows, sheet("Notes")), ""},
		"a filled second sheet":    {bookOf(t, rows, sheet("Notes", fill)), "more than one filled sheet: also Notes"},
		"a hidden sheet":           {bookOf(t, rows, sheet("Notes", hide)), "hidden sheets: Notes"},
		"a hidden, filled sheet":   {bookOf(t, rows, sheet("Notes", fill, hide)), "hidden sheets: Notes"},
		"no cells":                 {bookOf(t, nil), "empty"},
		"cut short":                {good[:len(good)/2], "damaged"},
		"a zip of something else":  {zipOf(map[string]string{"readme.txt": "hello"}), "damaged"},
		"a sheet cut short":        {changePart(t, good, "xl/worksheets/sheet1.xml", func(b string) string { return b[:len(b)/2] }), "damaged"},
		"rows out of order":        {changePart(t, good, "xl/worksheets/sheet1.xml", func(b string) string { return strings.Replace(b, `<row r="2"`, `<row r="1"`, 1) }), "damaged"},
		"texts that are not there": {changePart(t, good, "xl/sharedStrings.xml", func(string) string { return `<sst></sst>` }), "damaged"},
	}
	for name, c := range cases {
		if got := refusal(t, c.received, ProviderPickups()); !strings.Contains(got, c.says) || c.says == "" && got != "" {
			t.Errorf("%s: %q does not say %q", name, got, c.says)
		}
	}
}

func TestTheFilledSheetNeedNotBeTheFirst(t *testing.T) {
	received := bookOf(t, nil, func(f *excelize.File) {
		_, err := f.NewSheet("List")
		must(err)
		for i, row := range table(ProviderPickups(), goodPickup()) {
			must(f.SetSheetRow("List", []string{"A1", "A2"}[i], &row))
		}
	})
	if s := mustRead(t, received, ProviderPickups()); s.Rows != 1 {
		t.Errorf("%d rows", s.Rows)
	}
}

func TestABombIsRefusedBeforeItGoesOff(t *testing.T) {
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	_, err := z.CreateRaw(&zip.FileHeader{Name: "xl/media/picture.bin", Method: zip.Deflate, UncompressedSize64: maxUnpacked + 1})
	must(err)
	must(z.Close())
	if got := refusal(t, bomb.Bytes(), ProviderPickups()); !strings.Contains(got, "unpacks to more than 200 MiB") {
		t.Errorf("a bomb of %d bytes: %q", bomb.Len(), got)
	}
	good := bookOf(t, table(ProviderPickups(), goodPickup()))
	long := changePart(t, good, "xl/sharedStrings.xml", func(string) string { return "<sst><si><t>" + strings.Repeat("x", 4*maxToken) + "</t></si></sst>" })
	if got := refusal(t, long, ProviderPickups()); !strings.Contains(got, "larger than a spreadsheet's cell") {
		t.Errorf("a field of 4 MiB: %q", got)
	}
}

// A part that unpacks to more than it says is damage, and reading stops where it says it ends.
func TestAPartThatLiesAboutItsSize(t *testing.T) {
	var packed, file bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	must(err)
	_, err = w.Write(bytes.Repeat([]byte("<x/>"), 1<<20))
	must(err)
	must(w.Close())
	z := zip.NewWriter(&file)
	for _, name := range []string{"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} {
		part, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, UncompressedSize64: 100, CompressedSize64: uint64(packed.Len())})
		must(err)
		_, err = part.Write(packed.Bytes())
		must(err)
	}
	must(z.Close())
	if got := refusal(t, file.Bytes(), ProviderPickups()); !strings.Contains(got, "damaged") {
		t.Errorf("got %q", got)
	}
}

func zipOf(parts map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		must(err)
		_, err = io.WriteString(w, text)
		must(err)
	}
	must(z.Close())
	return b.Bytes()
}

// changePart is the workbook with one of its parts changed, or added.
func changePart(t *testing.T, book []byte, part string, change func(string) string) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	must(err)
	parts := map[string]string{part: ""}
	for _, f := range archive.File {
		r, err := f.Open()
		must(err)
		text, err := io.ReadAll(r)
		must(err)
		parts[f.Name] = string(text)
	}
	parts[part] = change(parts[part])
	return zipOf(parts)
}
