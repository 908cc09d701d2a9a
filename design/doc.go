// Package design is the look of every page: layouts, form fields, tables, bed
// boards, charts, words, fonts, css and scripts. It knows no system.
//
// A page is written as a templ component inside one of the two layouts:
//
//	@design.Work(text.T(ctx, "card.admit.title")) {
//		@design.ErrorSummary(form)
//		<form method="post">
//			@design.TextField(design.FieldOf(ctx, form, "surname", "card.admit.surname"))
//			@design.Button(text.T(ctx, "card.admit.do"))
//		</form>
//	}
//
// Rules every component keeps:
//   - Texts come in already translated; only the words of the components
//     themselves are looked up here, under design.*.
//   - The id of a field is its name, so that an error summary can link to it.
//   - Nothing is inline: no style= and no on…= attributes, since the pages are
//     served under script-src 'self'; style-src 'self'.
//   - A page works without JavaScript; the scripts only make it nicer.
//   - Colour never stands alone: a tone always comes with words.
//
// Where things are: *.templ the components, static/ what is served (built from
// src/ by src/build.sh), text/ the words of kit and design, examples*.templ a
// page with every component in every state.
package design
