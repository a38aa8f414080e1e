// Throughgate carries people with a drug or alcohol treatment need from prison to community
// treatment: referrals in, the appointment booked, the pick-up recorded, the rate reported.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"throughgate/config"
	"throughgate/internal/db"
	"throughgate/internal/problem"
)

// Exit codes (0 is done; refused rows of a file are answers too).
const (
	exitDone    = 0
	exitRefused = 1 // as a whole, with the reason
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command is one thing that the program does.
type command struct {
	name    string // one or two words
	args    string // what follows, for the usage line
	summary string
	help    string // more, for --help
	run     func(ctx context.Context, c *call) error
}

// commands in the order in which --help lists them.
var commands = []command{
	demoCommand, serveCommand, migrateUpCommand, migrateStatusCommand,
	importPrisonCommand, importProviderCommand,
	reviewListCommand, reviewConfirmCommand, reviewRejectCommand, linkUndoCommand,
	rateCommand, reconcileCommand, reportCommand, reportSendCommand,
	apikeyCreateCommand, apikeyListCommand, apikeyRevokeCommand,
	userAddCommand, userListCommand, userDisableCommand,
	recipientAddCommand, recipientListCommand, recipientRemoveCommand,
	checkCommand, versionCommand,
}

// errUsage is wrong usage; the sentence says what is.
type errUsage struct{ what string }

func (e errUsage) Error() string { return e.what }

func usagef(format string, args ...any) error { return errUsage{fmt.Sprintf(format, args...)} }

// run finds the command and runs it. Data go to out, words for people to errs.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	cmd, rest := find(args)
	if cmd == nil {
		return noCommand(args, out, errs)
	}
	c, err := parse(cmd, rest, out, errs)
	if errors.Is(err, errHelp) {
		c.printHelp(out)
		return exitDone
	}
	if err == nil {
		err = cmd.run(ctx, c)
		err = errors.Join(err, c.close())
	}
	return c.report(err)
}

// find takes the longest command name that the arguments begin with.
func find(args []string) (*command, []string) {
	if len(args) > 1 && args[0] == "help" { // help COMMAND is COMMAND --help
		args = append(slices.Clone(args[1:]), "--help")
	}
	if len(args) > 0 && args[0] == "--version" { // as other programs take it
		args = append([]string{versionCommand.name}, args[1:]...)
	}
	for n := min(2, len(args)); n > 0; n-- {
		for i := range commands {
			if commands[i].name == strings.Join(args[:n], " ") {
				return &commands[i], args[n:]
			}
		}
	}
	return nil, nil
}

func noCommand(args []string, out, errs io.Writer) int {
	for _, a := range args {
		if a == "--help" || a == "-h" || a == "help" {
			printUsage(out)
			return exitDone
		}
	}
	if len(args) == 0 {
		printUsage(errs)
		return exitUsage
	}
	words := firstWords(args)
	fmt.Fprintf(errs, "throughgate: there is no command %q\n", strings.Join(words, " "))
	for _, c := range commands {
		if strings.HasPrefix(c.name, words[0]+" ") {
			fmt.Fprintf(errs, "  %s %s\n", c.name, c.args)
		}
	}
	fmt.Fprintln(errs, "'throughgate --help' lists all there are.")
	return exitUsage
}

func firstWords(args []string) []string {
	words := args[:1]
	for _, a := range args[1:] {
		if strings.HasPrefix(a, "-") || len(words) == 2 {
			break
		}
		words = append(words, a)
	}
	return words
}

func printUsage(w io.Writer) {
	fmt.Fprint(w, `throughgate carries people with a treatment need from prison to community treatment.

Usage: throughgate COMMAND [flags]

`)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-23s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
Every command takes --config FILE, --data-dir DIR and, where it has data to print, --json.
'throughgate COMMAND --help' says more. Start with 'throughgate demo'.
`)
}

// report says what went wrong, in words the reader can act on, and gives the exit code.
func (c *call) report(err error) int {
	var usage errUsage
	var faults config.Faults
	var invalid *problem.Invalid
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(c.errs, "throughgate %s: %s\n'throughgate %s --help' shows how.\n", c.command.name, usage.what, c.command.name)
		return exitUsage
	case errors.As(err, &faults):
		fmt.Fprintln(c.errs, "The settings cannot be worked with:")
		for _, f := range faults {
			fmt.Fprintln(c.errs, "  "+f)
		}
	case errors.As(err, &invalid):
		for _, f := range invalid.Corrections {
			fmt.Fprintf(c.errs, "%s: %s\n", f.Field, f.Message)
		}
	default:
		fmt.Fprintln(c.errs, said(err))
	}
	return exitRefused
}

// said is an error in words; those of the database's doors say which door.
func said(err error) string {
	var refused *db.Refusal
	switch {
	case errors.Is(err, context.Canceled):
		return "Stopped."
	case errors.Is(err, db.ErrAway):
		return "The database cannot be reached. Nothing was changed. See that it runs, and that DATABASE_URL leads to it."
	case errors.As(err, &refused) && strings.HasPrefix(refused.State, "28"):
		return "The database refuses the user name or password in DATABASE_URL. Nothing was changed."
	case errors.As(err, &refused) && refused.State == "3D000":
		return "There is no database of the name in DATABASE_URL. Nothing was changed."
	}
	return err.Error()
}
