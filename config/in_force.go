package config

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Section is one part of the settings as they are in force, in the form of the file.
type Section struct{ Name, Text string }

// InForce is every setting with the value that it has, whichever file or variable it came from. Secrets
// are not settings, and not among them.
func (c *Config) InForce() (list []Section, err error) {
	all := reflect.ValueOf(c).Elem()
	for i := range all.NumField() {
		key := keyOf(all.Type().Field(i))
		if key == "-" {
			continue
		}
		text, err := yaml.Marshal(map[string]any{key: all.Field(i).Interface()})
		if err != nil {
			return nil, err
		}
		list = append(list, Section{key, string(text)})
	}
	return list, nil
}
