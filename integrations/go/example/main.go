// Asks Butlr's API for the names of your sites, without a secret in this program.
//
//	BUTLR_BASE_URL=http://127.0.0.1:PORT go run ./example    # the same against butlr-sandbox
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"butlrcredential"
)

func main() {
	base := os.Getenv("BUTLR_BASE_URL")
	if base == "" {
		base = "https://api.butlr.io"
	}
	source, err := butlrcredential.NewSource(base)
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: &butlrcredential.Transport{Source: source}, Timeout: 30 * time.Second}

	query := strings.NewReader(`{"query":"{ sites { data { id name } } }"}`)
	response, err := client.Post(strings.TrimRight(base, "/")+"/api/v3/graphql", "application/json", query)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		log.Fatal(response.Status)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body))
}
