// Answers each JSON line {"pattern","text"} with Go's own groups for the pattern anchored as Prometheus anchors it, or its error.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
)

type answer struct {
	Error  string    `json:"error,omitempty"`
	Groups []*string `json:"groups"`
}

func match(pattern, text string) answer {
	expr, err := regexp.Compile("^(?s:" + pattern + ")$")
	if err != nil {
		return answer{Error: err.Error()}
	}
	at := expr.FindStringSubmatchIndex(text)
	if at == nil {
		return answer{}
	}
	groups := []*string{}
	for i := 0; i < len(at); i += 2 {
		if at[i] < 0 {
			groups = append(groups, nil)
			continue
		}
		group := text[at[i]:at[i+1]]
		groups = append(groups, &group)
	}
	return answer{Groups: groups}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var ask struct{ Pattern, Text string }
		if err := json.Unmarshal(in.Bytes(), &ask); err != nil {
			panic(err)
		}
		_ = out.Encode(match(ask.Pattern, ask.Text))
	}
}
