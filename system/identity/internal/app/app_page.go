package app

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/registration"
)

//go:embed app.js
var script []byte

//go:embed app.css
var sheet []byte

//go:embed worker.js
var worker []byte

// Home is the page with which the app begins.
const Home = "/app/"

// keptUntil is the header by which the page tells the worker how long it may be
// kept, in milliseconds since 1970; without it nothing is kept.
const keptUntil = "X-Kept-Until"

// keptPartly says that a neighbour did not answer: what is on the device already
// is more than this page, and stays.
const keptPartly = "X-Kept-Partly"

// keptFor names the session whose page it is: pages of two are not kept together.
const keptFor = "X-Kept-For"

func (k kept) allow(w http.ResponseWriter) {
	w.Header().Set(keptFor, k.tag)
	w.Header().Set(keptUntil, strconv.FormatInt(k.until.UnixMilli(), 10))
}

// Mount puts the pages into the mux.
func (a *App) Mount(mux *http.ServeMux) {
	a.Site.Handle(mux, "GET /app", func(w http.ResponseWriter, r *http.Request) error { return page.Redirect(w, r, Home) })
	a.Site.Handle(mux, "GET /app/{$}", a.Door.In(a.home))
	a.Site.Handle(mux, "GET /app/documents/{id}", a.Door.In(a.showPaper))
	a.Site.Handle(mux, "GET /app/here", a.here)
	a.Site.Handle(mux, "GET /app/install", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, installPage())
	})
	a.Site.Handle(mux, "GET /app/offline", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, offlinePage())
	})
	a.Site.Handle(mux, "GET /app/manifest.webmanifest", a.manifest)
	a.Site.Handle(mux, "GET /app/worker.js", a.worker)
	mux.Handle("GET /app/app.js", page.Script(script))
	mux.Handle("GET /app/app.css", page.Sheet(sheet))
	for name, drawn := range icons {
		mux.HandleFunc("GET /app/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=86400")
			registration.File("image/png", drawn()).ServeHTTP(w, r)
		})
	}
}

func (a *App) home(w http.ResponseWriter, r *http.Request, p door.Person) error {
	d, err := a.gather(r.Context(), p)
	if err != nil {
		return err
	}
	d.allow(w)
	if d.away || !d.listed {
		w.Header().Set(keptPartly, "1")
	}
	return page.Render(w, r, http.StatusOK, homePage(d))
}

// here tells the app whose session this is, so that it deletes what it keeps
// when the session has ended elsewhere.
func (a *App) here(w http.ResponseWriter, r *http.Request) error {
	p, err := a.Door.Who(r)
	if err != nil {
		return err
	}
	answer := struct {
		Session string `json:"session"`
	}{}
	if p != nil {
		answer.Session = tag(p.Session)
	}
	return page.JSON(w, http.StatusOK, answer)
}

type manifestIcon struct {
	Source  string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

// manifest is the app's W3C Web Application Manifest, in the reader's language.
func (a *App) manifest(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	body, err := json.Marshal(map[string]any{
		"id": Home, "start_url": Home, "scope": Home, "display": "standalone", "orientation": "portrait",
		"name": text.T(ctx, "identity.app.name"), "short_name": "Tunduk", "description": text.T(ctx, "identity.app.description"),
		"lang": string(text.LangOf(ctx)), "dir": "ltr", "theme_color": "#0b4a6f", "background_color": "#fbfaf7", "categories": []string{"government"},
		"icons": []manifestIcon{
			{"/app/icon-192.png", "192x192", "image/png", "any"},
			{"/app/icon-512.png", "512x512", "image/png", "any"},
			{"/app/icon-192.png", "192x192", "image/png", "maskable"},
			{"/app/icon-512.png", "512x512", "image/png", "maskable"},
		},
		"shortcuts": []map[string]string{{"name": text.T(ctx, "identity.app.scan"), "url": "/app/scan"}},
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/manifest+json")
	_, err = w.Write(body)
	return err
}

// worker is the service worker, with the list of what pages look like: a new
// version of any of it is a new worker.
func (a *App) worker(w http.ResponseWriter, _ *http.Request) error {
	look := []string{
		design.Asset("app.css"), design.Asset("app.js"), design.Asset("line.js"), design.Asset("icon.svg"),
		design.Asset("fonts/golos-text-cyrillic.woff2"), design.Asset("fonts/golos-text-kyrgyz.woff2"), design.Asset("fonts/golos-text-latin.woff2"), design.Asset("large.css"),
		"/app/app.css", "/app/app.js", "/app/icon-192.png", "/app/offline",
	}
	list, err := json.Marshal(look)
	if err != nil {
		return err
	}
	version, err := json.Marshal(id.Hash(string(list) + string(worker) + string(script) + string(sheet))[:12])
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, err = w.Write([]byte("const VERSION = " + string(version) + "\nconst LOOK = " + string(list) + "\n" + string(worker)))
	return err
}

// langName is the language that a document is written in.
func langName(ctx context.Context, l text.Lang) string {
	return text.T(ctx, "identity.app.lang."+string(l)) // text: identity.app.lang.*
}
