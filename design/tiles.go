package design

import "strconv"

// TileMap is the country as a map of equal tiles, one for each region, drawn by
// the server as SVG. A table with the same figures stands beside it.
type TileMap struct {
	Caption string
	Tiles   []Tile
}

// Tile is one region. Text is its figure as it is written; Shade, 1 to 4, only
// repeats it in colour, and 0 means that there is none.
type Tile struct {
	Name        string
	Text        string
	Hint        string // a second, smaller line
	Column, Row int
	Shade       int
	Href        string // where its organisations are, "" for nowhere
}

// Measures of the drawing in its own units; css scales it to the page.
const (
	tileWidth  = 96
	tileHeight = 72
	tileGap    = 6
)

func (m TileMap) viewBox() string {
	columns, rows := 1, 1
	for _, t := range m.Tiles {
		columns, rows = max(columns, t.Column+1), max(rows, t.Row+1)
	}
	return "0 0 " + strconv.Itoa(columns*(tileWidth+tileGap)-tileGap+4) + " " + strconv.Itoa(rows*(tileHeight+tileGap)-tileGap+4)
}

func (t Tile) at() string {
	return "translate(" + strconv.Itoa(t.Column*(tileWidth+tileGap)+2) + " " + strconv.Itoa(t.Row*(tileHeight+tileGap)+2) + ")"
}

func (t Tile) shade() string { return "sn-tiles__tile--" + strconv.Itoa(min(max(t.Shade, 0), 4)) }

// said is the tile for those who do not see it.
func (t Tile) said() string {
	s := t.Name + ": " + t.Text
	if t.Hint != "" {
		s += ", " + t.Hint
	}
	return s
}
