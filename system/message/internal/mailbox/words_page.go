package mailbox

import (
	"context"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// sender is the name of the organisation that wrote.
func sender(ctx context.Context, system string) string {
	if _, ours := exchangeapi.Systems[system]; !ours {
		return system
	}
	return text.T(ctx, "message.sender."+system) // text: message.sender.*
}

func rows(ctx context.Context, ways []Way) []design.Row {
	all := make([]design.Row, 0, len(ways))
	for _, w := range ways {
		row := design.Row{Key: text.T(ctx, "message.channel."+w.Channel)} // text: message.channel.*
		switch w.State {
		case "delivered":
			row.Value = text.T(ctx, "message.state.delivered", "When", text.Moment(w.At))
		case "unreachable":
			row.Value = text.T(ctx, "message.reason."+w.Reason) // text: message.reason.*
		case "failed":
			row.Value = text.T(ctx, "message.state.failed")
		default:
			row.Value = text.T(ctx, "message.state.waiting")
		}
		all = append(all, row)
	}
	return all
}
