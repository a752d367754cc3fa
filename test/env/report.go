package env

import (
	"encoding/json"
	"fmt"
	"os"
)

// AppendJSON appends a value, as a line of JSON, to the file that an environment variable names. It does nothing if the variable is not set.
func AppendJSON(variable string, value any) error {
	name := os.Getenv(variable)
	if name == "" {
		return nil
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("failed to open the report: %w", err)
	}
	defer file.Close()
	if err := json.NewEncoder(file).Encode(value); err != nil {
		return fmt.Errorf("failed to write the report: %w", err)
	}
	return nil
}
