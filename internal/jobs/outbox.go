package jobs

import (
	"context"

	"throughgate/internal/mail"
)

// deliverOutbox hands every message that is due to the mail server.
func deliverOutbox(ctx context.Context, d Deps) error {
	if d.Mail.Address == "" {
		return nil
	}
	tally, err := mail.DeliverDue(ctx, d.Pool, d.Mail, d.Now)
	for kind, n := range tally {
		d.Log.Info("messages", "outcome", kind, "count", n)
	}
	return err
}

// answerBell delivers whenever the bell rings. It may run beside the tick's delivery: a message is
// claimed once.
func answerBell(ctx context.Context, d Deps) {
	outbox := job{name: "outbox", run: deliverOutbox}
	for {
		select {
		case <-d.Bell:
			outbox.once(ctx, d)
		case <-ctx.Done():
			return
		}
	}
}
