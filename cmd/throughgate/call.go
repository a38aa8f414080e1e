package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"throughgate/internal/audit"
	"throughgate/internal/day"
	"throughgate/internal/staff"
)

// call is one run of a command: its flags, its arguments, where it writes.
type call struct {
	command *command
	flags   map[string]string
	args    []string
	out     io.Writer
	errs    io.Writer
	now     func() time.Time
	closers []func() error
}

var errHelp = errors.New("help was asked for")

// common are the flags of every command; flags of one command are in its help text, one a line:
// "  --name VALUE   what it is" (a flag without VALUE is a switch).
const common = `
  --config FILE    settings (default config/throughgate.yaml, or the built-in ones)
  --data-dir DIR   where the private database and its key are kept (default var)
  --help           this text
`

// parse takes flags before and after the arguments: the standard parser stops at the first argument.
func parse(cmd *command, args []string, out, errs io.Writer) (*call, error) {
	c := &call{command: cmd, flags: map[string]string{}, out: out, errs: errs, now: time.Now}
	set := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for name, takesValue := range flagsOf(cmd.help + common) {
		if takesValue {
			set.Func(name, "", func(v string) error { return c.give(name, v) })
		} else {
			set.BoolFunc(name, "", func(v string) error { return c.switchOn(name, v) })
		}
	}
	for len(args) > 0 {
		if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
			return c, errHelp
		} else if err != nil {
			return c, usagef("%s", flagFault(err))
		}
		if set.NArg() == 0 {
			break
		}
		c.args = append(c.args, set.Arg(0))
		args = set.Args()[1:]
	}
	if _, asked := c.flags["help"]; asked {
		return c, errHelp
	}
	return c, c.checkArgs()
}

// give takes a flag's value. One that stands there twice would otherwise lose the first without a word, and an empty
// one (a variable of the shell that is not set) be taken for one that was left out.
func (c *call) give(name, value string) error {
	if _, twice := c.flags[name]; twice {
		return errors.New("it is there twice")
	}
	if value == "" {
		return errors.New("it is empty")
	}
	c.flags[name] = value
	return nil
}

func (c *call) switchOn(name, value string) error {
	if value != "true" {
		return errors.New("it takes no value")
	}
	c.flags[name] = value
	return nil
}

// flagFault is what the standard parser found, as the flags are written here.
func flagFault(err error) string {
	text := err.Error()
	if _, name, unknown := strings.Cut(text, "flag provided but not defined: -"); unknown {
		return "there is no flag --" + strings.TrimPrefix(name, "-")
	}
	if _, name, bare := strings.Cut(text, "flag needs an argument: -"); bare {
		return "--" + name + " needs a value"
	}
	for _, why := range []string{"it is there twice", "it is empty", "it takes no value"} {
		if strings.HasSuffix(text, why) {
			name := text[strings.LastIndex(text, " -")+2 : len(text)-len(": "+why)]
			return "--" + strings.TrimPrefix(name, "-") + ": " + why
		}
	}
	return text
}

// flagsOf reads the flags out of a help text, so that what is said and what is taken cannot differ.
func flagsOf(help string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(help) {
		words := strings.Fields(line)
		if len(words) < 2 || !strings.HasPrefix(words[0], "--") || !strings.HasPrefix(line, "  --") {
			continue
		}
		value := words[1]
		found[strings.TrimPrefix(words[0], "--")] = value == strings.ToUpper(value) && value != "–"
	}
	return found
}

// checkArgs holds the arguments against the usage line: capital words outside brackets are arguments.
func (c *call) checkArgs() error {
	var want []string
	words := strings.Fields(c.command.args)
	for i, w := range words {
		isFlagValue := i > 0 && strings.HasPrefix(strings.TrimLeft(words[i-1], "["), "--")
		if w == strings.ToUpper(w) && !strings.HasPrefix(w, "[") && !strings.HasPrefix(w, "--") && !isFlagValue {
			want = append(want, w)
		}
		if isFlagValue && !strings.HasPrefix(words[i-1], "[") && c.flags[strings.TrimPrefix(words[i-1], "--")] == "" {
			return usagef("%s %s is needed", words[i-1], w)
		}
	}
	switch {
	case len(c.args) < len(want):
		return usagef("%s is missing", want[len(c.args)])
	case len(c.args) > len(want):
		return usagef("%q is one argument too many", c.args[len(want)])
	}
	return nil
}

func (c *call) printHelp(w io.Writer) {
	fmt.Fprintf(w, "throughgate %s %s\n\n%s\n%s\n%s", c.command.name, c.command.args, c.command.summary, strings.TrimRight(c.command.help, " \n"), common)
}

// has says whether a switch was given.
func (c *call) has(name string) bool { return c.flags[name] == "true" }

// date reads a flag that is a date; no date where it was not given.
func (c *call) date(name string) (day.Date, error) {
	if c.flags[name] == "" {
		return day.Date{}, nil
	}
	d, err := day.Parse(c.flags[name])
	if err != nil {
		return d, usagef("--%s takes a date written YYYY-MM-DD, such as 2023-12-31", name)
	}
	return d, nil
}

// printJSON writes data for programs, on one line.
func (c *call) printJSON(data any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	return e.Encode(data)
}

// say writes words for people.
func (c *call) say(format string, args ...any) { fmt.Fprintf(c.errs, format+"\n", args...) }

// who is the person at the console, acting for an organisation ("" for the service's own affairs).
func (c *call) who(organisation string, role staff.Role) staff.Who {
	return staff.Who{By: audit.By{Organisation: organisation, Actor: "console:" + loginName(), Via: "console"}, Role: role, Name: loginName()}
}

func loginName() string {
	for _, variable := range []string{"SUDO_USER", "LOGNAME", "USER"} {
		if name := os.Getenv(variable); name != "" {
			return name
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprint(os.Getuid())
}

func (c *call) later(do func() error) { c.closers = append(c.closers, do) }

func (c *call) close() (err error) {
	for i := len(c.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, c.closers[i]())
	}
	return err
}
