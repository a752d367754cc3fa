package env

import (
	"errors"
	"os"
	"strconv"
	"testing"
)

// Number is the value of an environment variable that must be a number from 1 on; without where it is not set.
func Number(t *testing.T, variable string, without int) int {
	t.Helper()
	return Variable(t, variable, without, func(value string) (int, error) {
		n, err := strconv.Atoi(value)
		if err == nil && n < 1 {
			err = errors.New("it must be a number from 1 on")
		}
		return n, err
	})
}

// Variable is the parsed value of an environment variable; without where it is not set.
func Variable[T any](t *testing.T, variable string, without T, parse func(string) (T, error)) T {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		return without
	}
	parsed, err := parse(value)
	if err != nil {
		t.Fatalf("%s=%q: %v", variable, value, err)
	}
	return parsed
}
