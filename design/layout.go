package design

import (
	"context"
	"strings"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

var langNames = map[text.Lang]string{text.KY: "Кыргызча", text.RU: "Русский", text.EN: "English"}

// langHref is the same page in another language.
func langHref(v *page.View, l text.Lang) string {
	path := v.Path
	if path == "" {
		path = "/"
	}
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	return path + sign + "lang=" + string(l)
}

func siteTitle(ctx context.Context, v *page.View) string {
	if v.Site == nil || v.Site.TitleKey == "" {
		return "Sanarip"
	}
	return text.T(ctx, v.Site.TitleKey)
}

func fullTitle(ctx context.Context, v *page.View, title string) string {
	site := siteTitle(ctx, v)
	if title == "" || title == site {
		return site
	}
	return title + " — " + site
}

// currentNav is the index of the navigation item the page belongs to: the one
// with the longest path that leads to it, or -1.
func currentNav(v *page.View) int {
	here, _, _ := strings.Cut(v.Path, "?")
	best, length := -1, 0
	for i, item := range v.Nav {
		if item.Path == v.Path {
			return i
		}
		path, _, _ := strings.Cut(item.Path, "?")
		if path == "/" && here != "/" {
			continue
		}
		if here == path || strings.HasPrefix(here, strings.TrimSuffix(path, "/")+"/") {
			if len(path) > length {
				best, length = i, len(path)
			}
		}
	}
	return best
}

func langShort(l text.Lang) string {
	switch l {
	case text.KY:
		return "КЫ"
	case text.RU:
		return "РУ"
	case text.EN:
	}
	return "EN"
}

// lookBack is where the switch of the look leads back to.
func lookBack(v *page.View) string {
	if v.Path == "" {
		return "/"
	}
	return v.Path
}
