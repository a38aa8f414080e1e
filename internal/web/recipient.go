package web

import (
	"net/http"

	"throughgate/internal/db"
	"throughgate/internal/mail"
)

// askBody is a page that asks before it acts: mail programs open links by themselves, so that a GET
// must change nothing. A link that does not work says so before anybody presses the button.
type askBody struct {
	Say, Button string
	Ends        bool // something that cannot simply be had again
	Hidden      []fact
}

func (v *visit) confirmPage() error {
	err := v.asService(func(tx *db.Tx) error {
		_, err := mail.ToConfirm(v.ctx, tx, v.now, v.web.Param("token"))
		return err
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "ask.html", page{Title: "Confirm that you want the weekly report", Body: askBody{
		Say:    "The report is sent every week to the address that this link was sent to. It holds figures about groups of people, never a person's details. Every report says how to stop it.",
		Button: "Yes, send me the report"}})
}

func (v *visit) confirmRecipient() error {
	err := v.asService(func(tx *db.Tx) error {
		_, err := mail.ConfirmRecipient(v.ctx, tx, v.now, v.web.Param("token"))
		return err
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "done.html", page{Title: "Your address is confirmed", Body: doneBody{
		Say: "You will receive the next weekly report."}})
}

func (v *visit) leavePage() error {
	err := v.asService(func(tx *db.Tx) error {
		_, err := mail.ToLeave(v.ctx, tx, v.web.Param("token"))
		return err
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "ask.html", page{Title: "Stop the weekly report", Body: askBody{
		Say:    "No more reports are sent to the address that this link was sent to. Whoever looks after the list can add you again.",
		Button: "Stop sending it"}})
}

func (v *visit) leaveList() error {
	err := v.asService(func(tx *db.Tx) error {
		return mail.LeaveList(v.ctx, tx, v.now, v.web.Param("token"))
	})
	if err != nil {
		return err
	}
	return v.draw(http.StatusOK, "done.html", page{Title: "You are off the list", Body: doneBody{
		Say: "No more reports are sent to you."}})
}
