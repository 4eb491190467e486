DROP TABLE combined_results;
