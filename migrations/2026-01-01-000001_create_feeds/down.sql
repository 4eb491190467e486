DROP TABLE feed_connections;
DROP TABLE feeds;
